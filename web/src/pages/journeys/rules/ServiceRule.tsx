import { Checkbox, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ServiceAlert } from "../../../data/api-types";
import { RuleCard, RuleNumber } from "./RuleCard";
import { optional } from "./rules";
import type { RuleProps } from "./SimpleRules";

/** Tells that a service is near or due: by what the car says, or by intervals of the owner's. */
export function ServiceRule({ rule, onChange }: RuleProps<ServiceAlert>) {
  const { t } = useTranslation("journeys");
  return (
    <RuleCard
      title={t("rules.service.title")}
      text={t("rules.service.text")}
      isOn={rule.is_on}
      onToggle={(is_on) => onChange({ ...rule, is_on })}
    >
      <Checkbox
        w="100%"
        label={t("rules.service.byCar")}
        checked={rule.by_car}
        onChange={({ currentTarget: { checked } }) => onChange({ ...rule, by_car: checked })}
      />
      <RuleNumber
        label={t("rules.service.everyKm")}
        value={rule.every_km}
        min={1}
        max={1_000_000}
        suffix="km"
        onChange={(value) => onChange({ ...rule, every_km: optional(value) })}
      />
      <RuleNumber
        label={t("rules.service.everyMonths")}
        value={rule.every_months}
        min={1}
        max={600}
        onChange={(value) => onChange({ ...rule, every_months: optional(value) })}
      />
      <RuleNumber
        label={t("rules.service.sinceOdometer")}
        value={rule.since_odometer}
        min={0}
        max={10_000_000}
        suffix="km"
        onChange={(value) => onChange({ ...rule, since_odometer: optional(value) })}
      />
      <TextInput
        type="date"
        label={t("rules.service.sinceDate")}
        value={rule.since_date ?? ""}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...rule, since_date: value === "" ? null : value })
        }
      />
      <RuleNumber
        label={t("rules.service.aheadKm")}
        value={rule.ahead_km}
        min={0}
        max={100_000}
        suffix="km"
        onChange={(value) => onChange({ ...rule, ahead_km: Number(value) })}
      />
      <RuleNumber
        label={t("rules.service.aheadDays")}
        value={rule.ahead_days}
        min={0}
        max={365}
        onChange={(value) => onChange({ ...rule, ahead_days: Number(value) })}
      />
    </RuleCard>
  );
}
