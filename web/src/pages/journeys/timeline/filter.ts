// Which journeys the page shows, as its address says it.

import type { JourneyAnswer, JourneyFilter } from "../../../data/journeys";

export const KINDS = ["trip", "charge", "parked"] as const;
export type Kind = (typeof KINDS)[number];

export const PURPOSES = ["business", "private", "none"] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface Shown {
  kind: Kind | null;
  /** Of trips; the server does not choose by it, so the page does. */
  purpose: Purpose | null;
  place: number | null;
  /** Local days; `until` is the last one that is shown. */
  since: string | null;
  until: string | null;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Return what an address asks for; what makes no sense in it is left out. */
export function shownOf(params: URLSearchParams): Shown {
  const place = Number(params.get("place") ?? Number.NaN);
  return {
    kind: KINDS.find((each) => each === params.get("kind")) ?? null,
    purpose: PURPOSES.find((each) => each === params.get("purpose")) ?? null,
    place: Number.isInteger(place) ? place : null,
    since: dayOf(params.get("since")),
    until: dayOf(params.get("until")),
  };
}

function dayOf(text: string | null): string | null {
  return text !== null && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

/** Return an address's query for what is shown. */
export function paramsOf(shown: Shown): URLSearchParams {
  const given = Object.entries(shown).filter(([, value]) => value !== null);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}

/** Return what the server is asked for; days begin and end in `zone`. */
export function queryOf(shown: Shown, zone: string): JourneyFilter {
  const kind = shown.kind ?? (shown.purpose === null ? null : "trip");
  return {
    limit: 40,
    kind: kind === null ? undefined : [kind],
    place: shown.place ?? undefined,
    since: shown.since === null ? undefined : startOfDay(shown.since, zone),
    until: shown.until === null ? undefined : startOfDay(nextDay(shown.until), zone),
  };
}

/** Return whether a journey is for what was chosen. */
export function hasPurpose(
  journey: Pick<JourneyAnswer, "purpose">,
  purpose: Purpose | null,
): boolean {
  return purpose === null || (journey.purpose ?? "none") === purpose;
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** Return when a local day begins, in ISO 8601. */
export function startOfDay(day: string, zone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const guess = midnight - offsetAt(midnight, zone);
  return new Date(midnight - offsetAt(guess, zone)).toISOString();
}

/** Return how many milliseconds the clocks of a zone are ahead of UTC at a moment. */
function offsetAt(time: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(time));
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - time;
}
