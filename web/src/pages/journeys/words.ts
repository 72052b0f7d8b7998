// Words for what journeys say: shared by cards and pages.

import type { TFunction } from "i18next";
import { type Format, UNKNOWN } from "../../components/charts/format";
import type { JourneyAnswer } from "../../data/journeys";

type End = JourneyAnswer["start"];

/** The states in which no journeys are made, as the server names them. */
export const STATES = ["off", "vehicle_off", "paranoid", "no_telemetry"] as const;

/** Return whether something of a journey was concluded and not measured. */
export function isEstimated(journey: Pick<JourneyAnswer, "estimated">, field: string): boolean {
  return journey.estimated.includes(field);
}

/** Return where a journey began or ended, in words. */
export function placeOf(end: End, t: TFunction<"journeys">): string {
  if (end.place !== null) return end.place.name;
  if (end.address !== null) return end.address;
  if (end.position === null) return t("nowhere");
  const { latitude, longitude } = end.position;
  return `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
}

/** Return from when until when, with the day of the end where it is another one. */
export function spanOf(journey: JourneyAnswer, format: Format, t: TFunction<"journeys">): string {
  const about = (field: string) => (isEstimated(journey, field) ? "≈\u00a0" : "");
  const start = `${about("start")}${format.time(journey.start.time)}`;
  if (journey.is_open) return t("since", { time: start });
  const isSameDay = format.date(journey.start.time) === format.date(journey.end.time);
  const end = isSameDay ? format.time(journey.end.time) : format.dateTime(journey.end.time);
  return `${start} – ${about("end")}${end}`;
}

/** Return the state of charge before and after. */
export function socOf({ start, end }: JourneyAnswer, format: Format): string {
  if (start.soc === null && end.soc === null) return UNKNOWN;
  return `${format.quantity(start.soc, "%")} → ${format.quantity(end.soc, "%")}`;
}
