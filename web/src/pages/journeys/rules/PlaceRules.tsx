import { Checkbox, MultiSelect, NativeSelect, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ChargeMissedAlert, PlacesAlert } from "../../../data/api-types";
import { usePlaces } from "../../../data/places";
import { RuleCard, RuleNumber } from "./RuleCard";
import type { RuleProps } from "./SimpleRules";

/** Tells that the car enters or leaves a place. */
export function PlacesRule({ rule, onChange }: RuleProps<PlacesAlert>) {
  const { t } = useTranslation("journeys");
  const { data: places = [] } = usePlaces();
  return (
    <RuleCard
      title={t("rules.places.title")}
      text={t("rules.places.text")}
      isOn={rule.is_on}
      onToggle={(is_on) => onChange({ ...rule, is_on })}
    >
      <Checkbox
        label={t("rules.places.entering")}
        checked={rule.entering}
        onChange={({ currentTarget: { checked } }) => onChange({ ...rule, entering: checked })}
      />
      <Checkbox
        label={t("rules.places.leaving")}
        checked={rule.leaving}
        onChange={({ currentTarget: { checked } }) => onChange({ ...rule, leaving: checked })}
      />
      <MultiSelect
        w="100%"
        label={t("rules.places.which")}
        placeholder={rule.places === null ? t("rules.places.all") : ""}
        clearable
        data={places.map(({ id, name }) => ({ value: String(id), label: name }))}
        value={(rule.places ?? []).map(String)}
        onChange={(chosen) =>
          onChange({ ...rule, places: chosen.length === 0 ? null : chosen.map(Number) })
        }
      />
    </RuleCard>
  );
}

const ANYWHERE = "";

/** Tells that the car is not charged in a window in which it should be. */
export function ChargeMissedRule({ rule, onChange }: RuleProps<ChargeMissedAlert>) {
  const { t } = useTranslation("journeys");
  const { data: places = [] } = usePlaces();
  const time = (name: "start" | "end") => (
    <TextInput
      type="time"
      required
      label={t(`rules.missed.${name}`)}
      value={rule[name]}
      onChange={({ currentTarget: { value } }) => onChange({ ...rule, [name]: value })}
    />
  );
  return (
    <RuleCard
      title={t("rules.missed.title")}
      text={t("rules.missed.text")}
      isOn={rule.is_on}
      onToggle={(is_on) => onChange({ ...rule, is_on })}
    >
      {time("start")}
      {time("end")}
      <RuleNumber
        label={t("rules.below")}
        value={rule.below}
        min={1}
        max={100}
        suffix="%"
        onChange={(value) => onChange({ ...rule, below: Number(value) })}
      />
      <NativeSelect
        label={t("rules.missed.place")}
        value={rule.place ?? ANYWHERE}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...rule, place: value === ANYWHERE ? null : Number(value) })
        }
        data={[
          { value: ANYWHERE, label: t("rules.missed.anywhere") },
          ...places.map(({ id, name }) => ({ value: String(id), label: name })),
        ]}
      />
    </RuleCard>
  );
}
