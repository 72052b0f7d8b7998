import { Text, Title, useComputedColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { colourOf } from "../../../components/charts/colours";
import type { Format } from "../../../components/charts/format";
import { Scatter } from "../../../components/charts/Scatter";
import { Reading } from "../../../components/Reading";
import type { BatteryAnswer } from "../../../data/api-types";
import { PAGE_LIMIT, useJourneys } from "../../../data/journeys";

/** Trips that are shorter say little of consumption. */
const LEAST_DISTANCE = 2;

/** Degrees Celsius that the server takes together for a mean, from `temperature` on. */
const BAND = 5;

interface Props {
  vehicle: string;
  battery: BatteryAnswer;
  format: Format;
}

/** Consumption by the temperature outside: the newest trips as dots, the means of all as a line. */
export function ByTemperature({ vehicle, battery, format }: Props) {
  const { t } = useTranslation("journeys");
  const scheme = useComputedColorScheme("light");
  const reading = useJourneys(vehicle, { kind: ["trip"], limit: PAGE_LIMIT });
  const { data } = reading;
  const dots = (data?.items ?? []).flatMap(({ id, trip, temperature_ambient: outside }) =>
    trip === null ||
    trip.consumption === null ||
    outside === null ||
    (trip.distance ?? 0) < LEAST_DISTANCE
      ? []
      : [{ key: id, x: outside, y: trip.consumption }],
  );
  const means = battery.temperatures.flatMap(({ temperature, consumption }) =>
    consumption === null ? [] : [{ key: temperature, x: temperature + BAND / 2, y: consumption }],
  );
  if (dots.length + means.length < 2)
    return data === undefined ? <Reading title={t("temperature.title")} query={reading} /> : null;
  const label = means
    .map(({ x, y }) => `${format.quantity(x, "°C")}: ${format.quantity(y, "kWh/100 km")}`)
    .join(", ");
  return (
    <section>
      <Title order={2} size="h4">
        {t("temperature.title")}
      </Title>
      <Text size="sm" c="dimmed">
        {t("temperature.text", { unit: format.unit("kWh/100 km") })}
      </Text>
      <Reading query={reading} skeleton={null} />
      <Scatter
        label={`${t("temperature.title")}. ${label}`}
        dots={dots}
        means={means}
        colour={colourOf("consumption", scheme)}
        x={{ text: (value) => format.quantity(value, "°C") }}
        y={{ text: (value) => format.plain(format.convert(value, "kWh/100 km")) }}
      />
    </section>
  );
}
