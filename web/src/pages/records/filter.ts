// Which records the page shows, as its address says it, and how their values are written.

import { dayAfter, dayIn, startOfDay } from "../../data/days";
import type { RecordFilter } from "../../data/history";
import { UNKNOWN } from "../../data/quantities";

export interface Shown {
  type: string;
  number: number | null;
  /** Local days; `until` is the last one that is shown. */
  since: string | null;
  until: string | null;
  isOldestFirst: boolean;
}

/** Return what an address asks for, null if it names no type; what makes no sense is left out. */
export function shownOf(params: URLSearchParams): Shown | null {
  const type = params.get("type") ?? "";
  if (type === "") return null;
  const number = params.get("number") ?? "";
  return {
    type,
    number: /^-?\d{1,15}$/.test(number) ? Number(number) : null,
    since: dayIn(params.get("since")),
    until: dayIn(params.get("until")),
    isOldestFirst: params.get("order") === "oldest",
  };
}

/** Return an address's query for what is shown. */
export function paramsOf({ isOldestFirst, ...rest }: Shown): URLSearchParams {
  const given = Object.entries(rest).filter(([, value]) => value !== null);
  return new URLSearchParams([
    ...given.map(([name, value]) => [name, String(value)]),
    ...(isOldestFirst ? [["order", "oldest"]] : []),
  ]);
}

/** Return a span of local days as the server takes it. */
export function spanOf({ since, until }: Pick<Shown, "since" | "until">, zone: string) {
  return {
    ...(since === null ? {} : { since: startOfDay(since, zone) }),
    ...(until === null ? {} : { until: startOfDay(dayAfter(until), zone) }),
  };
}

/** Return what the server is asked for. */
export function filterOf(shown: Shown, zone: string): RecordFilter {
  return {
    type: shown.type,
    order: shown.isOldestFirst ? "oldest" : "newest",
    ...(shown.number === null ? {} : { number: shown.number }),
    ...spanOf(shown, zone),
  };
}

/** Return a value of a record as text: as exact as it is, with its unit; unknown is a dash. */
export function valueText(value: unknown, unit: string | undefined, locale: string): string {
  if (value === null || value === undefined || value === "") return UNKNOWN;
  if (typeof value === "number") {
    const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(value);
    return unit === undefined ? number : `${number}\u00a0${unit}`;
  }
  if (Array.isArray(value)) return value.map((each) => valueText(each, unit, locale)).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
