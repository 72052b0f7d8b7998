import { ActionIcon, Group, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import {
  IconChevronLeft,
  IconChevronRight,
  IconZoomIn,
  IconZoomOut,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { moved, type Span, zoomed } from "../../components/charts/span";
import { useFormat } from "../../components/charts/useFormat";
import { localDay, startOfDay } from "../../data/days";
import { RANGES, type RangeName, rangeName, spanOf, type View } from "./view";

interface Props {
  view: View;
  /** Seconds. */
  now: number;
  onChange: (part: Partial<View>) => void;
}

const NAMES = Object.keys(RANGES) as RangeName[];

const STEPS: [key: "back" | "forth" | "in" | "out", Icon: TablerIcon, go: (span: Span) => Span][] =
  [
    ["back", IconChevronLeft, (span) => moved(span, -0.5)],
    ["forth", IconChevronRight, (span) => moved(span, 0.5)],
    ["in", IconZoomIn, (span) => zoomed(span, 0.5)],
    ["out", IconZoomOut, (span) => zoomed(span, 2)],
  ];

const EARLIER = { day: 86_400, week: 7 * 86_400, month: 28 * 86_400, year: 364 * 86_400 } as const;

type EarlierName = keyof typeof EARLIER;

/** Chooses the span that is shown, and an earlier one to compare. */
export function SpanPicker({ view, now, onChange }: Props) {
  const { t } = useTranslation("charts");
  const { zone } = useFormat();
  const span = spanOf(view, now);
  const openDay = (day: string) => {
    if (Number.isNaN(Date.parse(day))) return;
    const since = Date.parse(startOfDay(day, zone)) / 1000;
    onChange({ span: { since, until: since + 86_400 } });
  };
  return (
    <>
      <SegmentedControl
        fullWidth
        aria-label={t("picker.range")}
        value={rangeName(view) ?? ""}
        onChange={(value) => {
          const name = NAMES.find((each) => each === value);
          if (name !== undefined) onChange({ span: null, range: RANGES[name] });
        }}
        data={NAMES.map((name) => ({ value: name, label: t(`picker.ranges.${name}`) }))}
      />
      <Group gap="xs" align="end">
        {STEPS.map(([key, Icon, go]) => (
          <ActionIcon
            key={key}
            variant="default"
            size={36}
            aria-label={t(`picker.${key}`)}
            onClick={() => onChange({ span: go(span) })}
          >
            <Icon size={20} aria-hidden />
          </ActionIcon>
        ))}
        <TextInput
          type="date"
          aria-label={t("picker.day")}
          value={localDay(span.since * 1000, zone)}
          onChange={({ currentTarget: { value } }) => openDay(value)}
        />
        <NativeSelect
          aria-label={t("picker.compare")}
          value={view.earlier ?? ""}
          onChange={({ currentTarget: { value } }) =>
            onChange({ earlier: value === "" ? null : Number(value) })
          }
          data={[
            { value: "", label: t("picker.noCompare") },
            ...(Object.keys(EARLIER) as EarlierName[]).map((name) => ({
              value: String(EARLIER[name]),
              label: t(`picker.earlier.${name}`),
            })),
          ]}
        />
      </Group>
    </>
  );
}
