// Which alerts the page shows, as its address says it, and how they are ordered.

import { daysBetween, localDay } from "../../data/days";

export const KINDS = ["alert", "information", "error"] as const;
export type Kind = (typeof KINDS)[number];

export interface Shown {
  kind: Kind | null;
  /** Those of all cars, not only of the one that the page is of. */
  ofAll: boolean;
}

/** Return what an address asks for; what makes no sense in it is left out. */
export function shownOf(params: URLSearchParams): Shown {
  return {
    kind: KINDS.find((each) => each === params.get("kind")) ?? null,
    ofAll: params.get("cars") === "all",
  };
}

/** Return an address's query for what is shown. */
export function paramsOf({ kind, ofAll }: Shown): URLSearchParams {
  return new URLSearchParams([
    ...(kind === null ? [] : [["kind", kind]]),
    ...(ofAll ? [["cars", "all"]] : []),
  ]);
}

/** Return whether an alert came after the mark; without a mark none is new. */
export function isNew(alert: { time: string }, mark: string | null | undefined): boolean {
  return typeof mark === "string" && Date.parse(alert.time) > Date.parse(mark);
}

export interface Section<T> {
  /** `new`, or the local day: `2026-11-27`. */
  key: string;
  name: "new" | "today" | "yesterday" | "day";
  items: T[];
}

interface Listed {
  time: string;
  isNew: boolean;
}

/** Return alerts in sections: the new ones, then a day each. */
export function sectionsOf<T extends Listed>(
  alerts: readonly T[],
  zone: string,
  now: number,
): Section<T>[] {
  const today = localDay(now, zone);
  const sections: Section<T>[] = [];
  const fresh = alerts.filter((each) => each.isNew);
  if (fresh.length > 0) sections.push({ key: "new", name: "new", items: fresh });
  for (const alert of alerts) {
    if (alert.isNew) continue;
    const day = localDay(alert.time, zone);
    const last = sections.at(-1);
    if (last?.key === day) last.items.push(alert);
    else sections.push({ key: day, name: nameOf(daysBetween(day, today)), items: [alert] });
  }
  return sections;
}

function nameOf(before: number): "today" | "yesterday" | "day" {
  if (before === 0) return "today";
  return before === 1 ? "yesterday" : "day";
}
