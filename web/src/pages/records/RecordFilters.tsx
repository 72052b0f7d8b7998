import { Group, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Shown } from "./filter";

interface Props {
  shown: Shown;
  onChange: (shown: Shown) => void;
}

/** Chooses which records of a type are shown. */
export function RecordFilters({ shown, onChange }: Props) {
  const { t } = useTranslation("records");
  return (
    <Group gap="xs" align="end">
      <Days shown={shown} onChange={(days) => onChange({ ...shown, ...days })} />
      <NumberInput
        w={120}
        label={t("filter.number")}
        allowDecimal={false}
        hideControls
        value={shown.number ?? ""}
        onChange={(number) =>
          onChange({ ...shown, number: typeof number === "number" ? number : null })
        }
      />
      <NativeSelect
        label={t("filter.order")}
        value={shown.isOldestFirst ? "oldest" : "newest"}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...shown, isOldestFirst: value === "oldest" })
        }
        data={(["newest", "oldest"] as const).map((value) => ({
          value,
          label: t(`filter.${value}`),
        }))}
      />
    </Group>
  );
}

type Span = Pick<Shown, "since" | "until">;

interface DaysProps {
  shown: Span;
  onChange: (span: Span) => void;
}

/** Chooses a span of days; an empty end is open. */
export function Days({ shown, onChange }: DaysProps) {
  const { t } = useTranslation("records");
  const field = (key: keyof Span) => (
    <TextInput
      type="date"
      label={t(`filter.${key}`)}
      value={shown[key] ?? ""}
      onChange={({ currentTarget: { value } }) =>
        onChange({ since: shown.since, until: shown.until, [key]: value === "" ? null : value })
      }
    />
  );
  return (
    <>
      {field("since")}
      {field("until")}
    </>
  );
}
