import { Button, Collapse, Group, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePlaces } from "../../../data/places";
import { KINDS, PURPOSES, type Shown } from "./filter";

interface Props {
  shown: Shown;
  onChange: (shown: Shown) => void;
}

const ALL = "all";

/** Chooses which journeys are shown. */
export function Filters({ shown, onChange }: Props) {
  const { t } = useTranslation("journeys");
  const chosen = [shown.purpose, shown.place, shown.since, shown.until].filter(
    (each) => each !== null,
  ).length;
  const [isOpen, setOpen] = useState(chosen > 0);
  return (
    <div>
      <Group gap="xs">
        <SegmentedControl
          aria-label={t("filter.kind")}
          value={shown.kind ?? ALL}
          onChange={(kind) =>
            onChange({ ...shown, kind: KINDS.find((each) => each === kind) ?? null })
          }
          data={[ALL, ...KINDS].map((kind) => ({
            value: kind,
            label: t(`filter.kinds.${kind as (typeof KINDS)[number] | "all"}`),
          }))}
        />
        <Button
          variant={chosen > 0 ? "light" : "default"}
          leftSection={<IconFilter size={18} aria-hidden />}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {t("filter.more", { count: chosen })}
        </Button>
      </Group>
      <Collapse expanded={isOpen}>
        <Choices shown={shown} onChange={onChange} />
      </Collapse>
    </div>
  );
}

function Choices({ shown, onChange }: Props) {
  const { t } = useTranslation("journeys");
  const { data: places = [] } = usePlaces();
  return (
    <Group gap="xs" pt="xs" align="end">
      <NativeSelect
        label={t("filter.purpose")}
        value={shown.purpose ?? ALL}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...shown, purpose: PURPOSES.find((each) => each === value) ?? null })
        }
        data={[
          { value: ALL, label: t("filter.all") },
          ...PURPOSES.map((each) => ({ value: each, label: t(`purposes.${each}`) })),
        ]}
      />
      {places.length > 0 && (
        <NativeSelect
          label={t("filter.place")}
          value={shown.place ?? ALL}
          onChange={({ currentTarget: { value } }) =>
            onChange({ ...shown, place: value === ALL ? null : Number(value) })
          }
          data={[
            { value: ALL, label: t("filter.all") },
            ...places.map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
        />
      )}
      <TextInput
        type="date"
        label={t("filter.since")}
        value={shown.since ?? ""}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...shown, since: value === "" ? null : value })
        }
      />
      <TextInput
        type="date"
        label={t("filter.until")}
        value={shown.until ?? ""}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...shown, until: value === "" ? null : value })
        }
      />
      <Button
        variant="subtle"
        onClick={() =>
          onChange({ kind: null, purpose: null, place: null, since: null, until: null })
        }
      >
        {t("filter.clear")}
      </Button>
    </Group>
  );
}
