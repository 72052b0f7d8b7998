import { useTranslation } from "react-i18next";
import { useFormat } from "../../../components/charts/useFormat";
import type { WholeJourney } from "../../../data/api-types";
import { isEstimated, socOf } from "../words";
import { type Fact, FactGrid } from "./FactGrid";

/** Time parked: what the car lost meanwhile. */
export function ParkedView({ journey }: { journey: WholeJourney }) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const { parked } = journey;
  if (parked === null) return null;
  const say = (field: keyof typeof parked, unit: string, digits: number) =>
    format.quantity(parked[field], unit, { digits, isEstimated: isEstimated(journey, field) });
  const facts: Fact[] = [
    { name: t("facts.soc"), value: socOf(journey, format) },
    { name: t("facts.socLost"), value: say("soc_lost", "%", 1) },
    { name: t("facts.socLostADay"), value: say("soc_lost_a_day", "%", 1) },
    { name: t("facts.rangeLost"), value: say("range_lost", "km", 1) },
    { name: t("facts.rangeLostADay"), value: say("range_lost_a_day", "km", 1) },
    { name: t("facts.voltageLostADay"), value: say("voltage_12v_lost_a_day", "V", 2) },
    { name: t("facts.idle"), value: format.duration(parked.idle_time) },
    { name: t("facts.preheat"), value: format.duration(parked.preheat_time) },
    { name: t("facts.preheatSoc"), value: say("preheat_soc", "%", 1) },
    { name: t("facts.outside"), value: format.quantity(journey.temperature_ambient, "°C") },
  ];
  return <FactGrid facts={facts} />;
}
