// Which journeys the page shows, as its address says it.

import { dayAfter, dayIn, startOfDay } from "../../../data/days";
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

/** Return what an address asks for; what makes no sense in it is left out. */
export function shownOf(params: URLSearchParams): Shown {
  const place = Number(params.get("place") ?? Number.NaN);
  return {
    kind: KINDS.find((each) => each === params.get("kind")) ?? null,
    purpose: PURPOSES.find((each) => each === params.get("purpose")) ?? null,
    place: Number.isInteger(place) ? place : null,
    since: dayIn(params.get("since")),
    until: dayIn(params.get("until")),
  };
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
    until: shown.until === null ? undefined : startOfDay(dayAfter(shown.until), zone),
  };
}

/** Return whether a journey is for what was chosen. */
export function hasPurpose(
  journey: Pick<JourneyAnswer, "purpose">,
  purpose: Purpose | null,
): boolean {
  return purpose === null || (journey.purpose ?? "none") === purpose;
}
