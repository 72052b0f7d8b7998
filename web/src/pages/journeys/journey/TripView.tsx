import { Anchor, Group, Stack, Text, useComputedColorScheme, useMatches } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Chart } from "../../../components/charts/Chart";
import { ChartActions } from "../../../components/charts/ChartActions";
import { ChartTable } from "../../../components/charts/ChartTable";
import type { ChartPanel } from "../../../components/charts/chart";
import { colourOf } from "../../../components/charts/colours";
import type { Format } from "../../../components/charts/format";
import { trackPicture } from "../../../components/charts/trackPicture";
import { useFormat } from "../../../components/charts/useFormat";
import { linesOf } from "../../../components/map/geometry";
import { TrackMap } from "../../../components/map/TrackMap";
import type { WholeJourney } from "../../../data/api-types";
import { tripGpx } from "../../../data/journeys";
import classes from "../Journeys.module.css";
import { isEstimated, socOf } from "../words";
import { type Fact, FactGrid } from "./FactGrid";
import { isKnown, seriesOf, type TripSeries } from "./tripSeries";

/** A trip: its figures, and map and graph that mark the same moment. */
export function TripView({ journey }: { journey: WholeJourney }) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const scheme = useComputedColorScheme("light");
  const [marked, setMarked] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const track = journey.track;
  const series = useMemo(() => seriesOf(track ?? []), [track]);
  const panels = usePanels(series);
  const span = spanOf(series);
  const mapHeight = useMatches({ base: 260, md: 480 });
  return (
    <Stack gap="md">
      <FactGrid facts={useTripFacts(journey, format)} />
      {track === null || track.length < 2 ? (
        <Text c="dimmed">{t(track === null ? "trip.hidden" : "trip.noTrack")}</Text>
      ) : (
        <div className={classes.two}>
          <TrackMap
            points={track}
            marked={marked}
            onMark={setMarked}
            label={t("trip.map")}
            fileName={`${journey.vehicle_id}-trip-${journey.id}-map`}
            height={mapHeight}
          />
          <Chart
            label={t("trip.chart")}
            times={series.times}
            panels={panels}
            span={span}
            format={format}
            marked={marked}
            onMark={setMarked}
            height={104}
            box={box}
          >
            <ChartTable times={series.times} panels={panels} format={format} />
          </Chart>
        </div>
      )}
      <Group gap="md">
        {track !== null && track.length > 1 && (
          <>
            <ChartActions
              times={series.times}
              panels={panels}
              format={format}
              title={`${t("kinds.trip")}, ${format.dateTime(journey.start.time)}`}
              fileName={`${journey.vehicle_id}-trip-${journey.id}`}
              box={box}
              above={{
                head: t("facts.distance"),
                draw: () => trackPicture(linesOf(track), colourOf("soc", scheme)),
              }}
            />
            <Anchor href={tripGpx(journey.vehicle_id, journey.id)} download>
              {t("trip.gpx")}
            </Anchor>
          </>
        )}
      </Group>
    </Stack>
  );
}

function spanOf({ times }: TripSeries) {
  const since = times[0] ?? 0;
  return { since, until: Math.max(times.at(-1) ?? 0, since + 1) };
}

function usePanels(series: TripSeries): ChartPanel[] {
  const { t } = useTranslation("journeys");
  const scheme = useComputedColorScheme("light");
  return useMemo(() => {
    const units = { speed: "km/h", soc: "%", power: "kW", altitude: "m" } as const;
    const keys = ["speed", "soc", "power", "altitude"] as const;
    return keys
      .filter((key) => isKnown(series[key]))
      .map((key) => ({
        key,
        unit: units[key],
        lines: [
          {
            key,
            label: t(`lines.${key}`),
            colour: colourOf(key, scheme),
            values: series[key],
            isFleeting: key === "speed" || key === "power",
          },
        ],
      }));
  }, [series, scheme, t]);
}

function useTripFacts(journey: WholeJourney, format: Format): Fact[] {
  const { t } = useTranslation("journeys");
  const { trip } = journey;
  if (trip === null) return [];
  const say = (field: keyof typeof trip, unit: string, digits?: number) =>
    format.quantity(trip[field], unit, {
      isEstimated: isEstimated(journey, field),
      ...(digits === undefined ? {} : { digits }),
    });
  const facts: [name: string, value: string][] = [
    [t("facts.distance"), say("distance", "km")],
    [t("facts.energy"), say("energy", "kWh", 2)],
    [t("facts.consumption"), say("consumption", "kWh/100 km")],
    [t("facts.soc"), socOf(journey, format)],
    [t("facts.moving"), format.duration(trip.moving_time)],
    [t("facts.speedMean"), say("speed_mean", "km/h")],
    [t("facts.speedMax"), say("speed_max", "km/h")],
    [t("facts.recovered"), say("energy_recovered", "kWh", 2)],
    [t("facts.ascent"), `${say("ascent", "m")} ↑ ${say("descent", "m")} ↓`],
    [t("facts.outside"), format.quantity(journey.temperature_ambient, "°C")],
    [t("facts.battery"), say("temperature_battery", "°C")],
    [t("facts.odometer"), format.quantity(journey.end.odometer, "km", { digits: 0 })],
  ];
  return facts.map(([name, value]) => ({ name, value }));
}
