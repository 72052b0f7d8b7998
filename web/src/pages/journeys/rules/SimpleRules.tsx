import { useTranslation } from "react-i18next";
import type { ArrivalSocAlert, ChargeStoppedAlert, ParkedLossAlert } from "../../../data/api-types";
import { RuleCard, RuleNumber } from "./RuleCard";

export interface RuleProps<Rule> {
  rule: Rule;
  onChange: (rule: Rule) => void;
}

/** Tells that a charge ended before it was done. */
export function StoppedRule({ onChange, rule }: RuleProps<ChargeStoppedAlert>) {
  const { t } = useTranslation("journeys");
  return (
    <RuleCard
      title={t("rules.stopped.title")}
      text={t("rules.stopped.text")}
      isOn={rule.is_on}
      onToggle={(is_on) => onChange({ is_on })}
    />
  );
}

/** Tells that a trip ended with little charge, and the car was not plugged in. */
export function ArrivalRule({ onChange, rule }: RuleProps<ArrivalSocAlert>) {
  const { t } = useTranslation("journeys");
  return (
    <RuleCard
      title={t("rules.arrival.title")}
      text={t("rules.arrival.text")}
      isOn={rule.is_on}
      onToggle={(is_on) => onChange({ ...rule, is_on })}
    >
      <RuleNumber
        label={t("rules.below")}
        value={rule.below}
        min={1}
        max={100}
        suffix="%"
        onChange={(value) => onChange({ ...rule, below: Number(value) })}
      />
    </RuleCard>
  );
}

/** Tells that the parked car loses more than it usually does. */
export function ParkedLossRule({ onChange, rule }: RuleProps<ParkedLossAlert>) {
  const { t } = useTranslation("journeys");
  return (
    <RuleCard
      title={t("rules.loss.title")}
      text={t("rules.loss.text")}
      isOn={rule.is_on}
      onToggle={(is_on) => onChange({ ...rule, is_on })}
    >
      <RuleNumber
        label={t("rules.loss.days")}
        value={rule.days}
        min={0.5}
        max={60}
        decimals={1}
        onChange={(value) => onChange({ ...rule, days: Number(value) })}
      />
      <RuleNumber
        label={t("rules.loss.factor")}
        value={rule.factor}
        min={1}
        max={20}
        decimals={1}
        onChange={(value) => onChange({ ...rule, factor: Number(value) })}
      />
    </RuleCard>
  );
}
