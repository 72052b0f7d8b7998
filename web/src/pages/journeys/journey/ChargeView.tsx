import { Stack, Text, useComputedColorScheme } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChargeWords } from "../../../components/car/useChargeWords";
import { Chart } from "../../../components/charts/Chart";
import { ChartActions } from "../../../components/charts/ChartActions";
import { ChartTable } from "../../../components/charts/ChartTable";
import type { ChartPanel } from "../../../components/charts/chart";
import { colourOf } from "../../../components/charts/colours";
import type { Format } from "../../../components/charts/format";
import { UNKNOWN } from "../../../components/charts/format";
import { useFormat } from "../../../components/charts/useFormat";
import type { CurvePointAnswer, WholeJourney } from "../../../data/api-types";
import { isEstimated, socOf } from "../words";
import { type Fact, FactGrid } from "./FactGrid";
import { isKnown } from "./tripSeries";

/** A charge: its figures and its curve. */
export function ChargeView({ journey }: { journey: WholeJourney }) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const [marked, setMarked] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const curve = journey.curve ?? NO_CURVE;
  const times = useMemo(() => curve.map(({ time }) => Date.parse(time) / 1000), [curve]);
  const panels = usePanels(curve);
  const since = times[0] ?? 0;
  return (
    <Stack gap="md">
      <FactGrid facts={useChargeFacts(journey, format)} />
      {times.length < 2 || panels.length === 0 ? (
        <Text c="dimmed">{t("charge.noCurve")}</Text>
      ) : (
        <>
          <Chart
            label={t("charge.chart")}
            times={times}
            panels={panels}
            span={{ since, until: Math.max(times.at(-1) ?? 0, since + 1) }}
            format={format}
            marked={marked}
            onMark={setMarked}
            box={box}
          >
            <ChartTable times={times} panels={panels} format={format} />
          </Chart>
          <ChartActions
            times={times}
            panels={panels}
            format={format}
            title={`${t("kinds.charge")}, ${format.dateTime(journey.start.time)}`}
            fileName={`${journey.vehicle_id}-charge-${journey.id}`}
            box={box}
          />
        </>
      )}
    </Stack>
  );
}

const NO_CURVE: readonly CurvePointAnswer[] = [];

const LINES = [
  ["soc", "%"],
  ["power", "kW"],
  ["energy", "kWh"],
  ["temperature_battery", "°C"],
] as const;

function usePanels(curve: readonly CurvePointAnswer[]): ChartPanel[] {
  const { t } = useTranslation("journeys");
  const scheme = useComputedColorScheme("light");
  return useMemo(
    () =>
      LINES.map(([key, unit]) => ({
        key,
        unit,
        lines: [
          {
            key,
            label: t(`lines.${key}`),
            colour: colourOf(key, scheme),
            values: curve.map((point) => point[key]),
            isFleeting: key === "power",
          },
        ],
      })).filter(({ lines }) => lines.some(({ values }) => isKnown(values))),
    [curve, scheme, t],
  );
}

const ENDINGS = ["full", "limit", "stopped", "interrupted"] as const;

function useChargeFacts(journey: WholeJourney, format: Format): Fact[] {
  const { t } = useTranslation("journeys");
  const words = useChargeWords();
  const { charge } = journey;
  if (charge === null) return [];
  const say = (
    field:
      | "energy"
      | "grid_energy"
      | "efficiency"
      | "power_mean"
      | "power_max"
      | "capacity"
      | "cac"
      | "soh"
      | "temperature_battery",
    unit: string,
  ) => format.quantity(charge[field], unit, { isEstimated: isEstimated(journey, field) });
  const ending = ENDINGS.find((each) => each === charge.ending);
  const facts: [name: string, value: string][] = [
    [t("facts.charged"), say("energy", "kWh")],
    [t("facts.grid"), say("grid_energy", "kWh")],
    [t("facts.efficiency"), say("efficiency", "%")],
    [t("facts.cost"), format.money(charge.cost, isEstimated(journey, "cost"))],
    [t("facts.soc"), socOf(journey, format)],
    [t("facts.powerMean"), say("power_mean", "kW")],
    [t("facts.powerMax"), say("power_max", "kW")],
    [t("facts.ending"), ending === undefined ? UNKNOWN : t(`endings.${ending}`)],
    [t("facts.plug"), words.plug(charge.plug)],
    [t("facts.mode"), words.mode(charge.mode)],
    [t("facts.battery"), say("temperature_battery", "°C")],
    [t("facts.outside"), format.quantity(journey.temperature_ambient, "°C")],
    [t("facts.capacity"), say("capacity", "kWh")],
    [t("facts.soh"), say("soh", "%")],
  ];
  return facts.map(([name, value]) => ({ name, value }));
}
