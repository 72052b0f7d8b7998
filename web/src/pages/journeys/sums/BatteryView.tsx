import { Stack, Text, Title, useComputedColorScheme } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Chart } from "../../../components/charts/Chart";
import { ChartTable } from "../../../components/charts/ChartTable";
import type { ChartPanel } from "../../../components/charts/chart";
import { colourOf, type Scheme } from "../../../components/charts/colours";
import type { Format } from "../../../components/charts/format";
import { useFormat } from "../../../components/charts/useFormat";
import { Reading } from "../../../components/Reading";
import type { BatteryAnswer } from "../../../data/api-types";
import { useBattery } from "../../../data/battery";
import { FactGrid } from "../journey/FactGrid";
import { isKnown } from "../journey/tripSeries";
import { useNone } from "../useNone";
import { ByTemperature } from "./ByTemperature";
import { ParkedLoss } from "./ParkedLoss";

/** The battery over the years, and what cold and standing cost. */
export default function BatteryView({ vehicle }: { vehicle: string }) {
  const none = useNone(vehicle, "battery.none");
  const format = useFormat();
  const reading = useBattery(vehicle);
  const { data } = reading;
  const isEmpty = data?.months.length === 0;
  if (data === undefined || (isEmpty && reading.error !== null)) return <Reading query={reading} />;
  if (isEmpty) return <Text c="dimmed">{none}</Text>;
  return (
    <Stack gap="lg">
      <BatteryFacts battery={data} format={format} />
      {data.months.length > 1 && <Over battery={data} format={format} />}
      <ByTemperature vehicle={vehicle} battery={data} format={format} />
      <ParkedLoss vehicle={vehicle} format={format} />
    </Stack>
  );
}

function BatteryFacts({ battery, format }: { battery: BatteryAnswer; format: Format }) {
  const { t } = useTranslation("journeys");
  const facts: [string, string][] = [
    [t("battery.capacity"), format.quantity(battery.capacity, "kWh", { isEstimated: true })],
    [
      t("battery.lost"),
      format.quantity(battery.degradation, "%", { digits: 1, isEstimated: true }),
    ],
    [t("battery.lostByCar"), format.quantity(battery.car_degradation, "%", { digits: 1 })],
    [t("facts.soh"), format.quantity(battery.soh, "%")],
    [t("battery.cac"), format.quantity(battery.cac, "Ah", { digits: 1 })],
    [t("battery.fullRange"), format.quantity(battery.full_range, "km", { digits: 0 })],
    [t("battery.cycles"), format.plain(battery.cycles, 1)],
    [t("facts.efficiency"), format.quantity(battery.efficiency, "%", { digits: 1 })],
  ];
  return (
    <>
      <FactGrid facts={facts.map(([name, value]) => ({ name, value }))} />
      {battery.degradation === null && (
        <Text size="sm" c="dimmed">
          {t("battery.tooFew")}
        </Text>
      )}
    </>
  );
}

const PANELS = [
  { key: "capacity", unit: "kWh", lines: ["capacity", "car_capacity"] },
  { key: "full_range", unit: "km", lines: ["full_range"] },
  { key: "soh", unit: "%", lines: ["soh"] },
] as const;

function panelsOf(
  { months }: BatteryAnswer,
  scheme: Scheme,
  name: (key: (typeof PANELS)[number]["lines"][number]) => string,
): ChartPanel[] {
  return PANELS.map(({ key, unit, lines }) => ({
    key,
    unit,
    lines: lines
      .map((line) => ({
        key: line,
        label: name(line),
        colour: colourOf(line, scheme),
        values: months.map((month) => month[line]),
      }))
      .filter(({ values }) => isKnown(values)),
  })).filter(({ lines }) => lines.length > 0);
}

const MONTH = 31 * 86_400;

/** Capacity, full range and health by month. */
function Over({ battery, format }: { battery: BatteryAnswer; format: Format }) {
  const { t } = useTranslation("journeys");
  const scheme = useComputedColorScheme("light");
  const [marked, setMarked] = useState<number | null>(null);
  const times = useMemo(
    () => battery.months.map(({ month }) => Date.parse(`${month}-15T12:00:00Z`) / 1000),
    [battery],
  );
  const panels = useMemo(
    () => panelsOf(battery, scheme, (key) => t(`battery.lines.${key}`)),
    [battery, scheme, t],
  );
  if (panels.length === 0) return null;
  const span = { since: (times[0] ?? 0) - MONTH / 2, until: (times.at(-1) ?? 0) + MONTH / 2 };
  return (
    <section>
      <Title order={2} size="h4">
        {t("battery.over")}
      </Title>
      <Chart
        label={t("battery.over")}
        times={times}
        panels={panels}
        span={span}
        format={format}
        marked={marked}
        onMark={setMarked}
        isLive
      >
        <ChartTable times={times} panels={panels} format={format} />
      </Chart>
    </section>
  );
}
