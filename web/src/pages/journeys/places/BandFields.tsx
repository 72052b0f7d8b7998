import { Button, Checkbox, Fieldset, Group, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type BandForm, DAYS, readPrice } from "./tariff";

interface Props {
  band: BandForm;
  currency: string;
  onChange: (band: BandForm) => void;
  onRemove: () => void;
}

/** A price of its own by the time of day, on some days of the week. */
export function BandFields({ band, currency, onChange, onRemove }: Props) {
  const { t } = useTranslation("journeys");
  const time = (name: "from" | "until") => (
    <TextInput
      type="time"
      label={t(`tariff.${name}`)}
      required
      value={band[name]}
      onChange={({ currentTarget: { value } }) => onChange({ ...band, [name]: value })}
    />
  );
  return (
    <Fieldset legend={t("tariff.bandTitle")}>
      <Group gap="xs" grow>
        {time("from")}
        {time("until")}
      </Group>
      <TextInput
        label={t("tariff.energyPrice", { currency })}
        inputMode="decimal"
        value={band.price}
        error={readPrice(band.price) === null && t("edit.noNumber")}
        onChange={({ currentTarget: { value } }) => onChange({ ...band, price: value })}
      />
      <Checkbox.Group
        label={t("tariff.days")}
        mt="xs"
        value={band.days}
        error={band.days.length === 0 && t("tariff.noDay")}
        onChange={(chosen) =>
          onChange({ ...band, days: DAYS.filter((day) => chosen.includes(day)) })
        }
      >
        <Group gap="xs" mt={4}>
          {DAYS.map((day) => (
            <Checkbox key={day} value={day} label={t(`days.short.${day}`)} />
          ))}
        </Group>
      </Checkbox.Group>
      <Button variant="subtle" color="gray" size="compact-sm" mt="xs" onClick={onRemove}>
        {t("tariff.removeBand")}
      </Button>
    </Fieldset>
  );
}
