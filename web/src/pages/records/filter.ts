// Which records the page shows, as its address says it, and how their values are written.

import type { RecordFilter } from "../../data/history";
import { startOfDay } from "../journeys/timeline/filter";

export interface Shown {
  type: string;
  number: number | null;
  /** Local days; `until` is the last one that is shown. */
  since: string | null;
  until: string | null;
  isOldestFirst: boolean;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Return what an address asks for, null if it names no type; what makes no sense is left out. */
export function shownOf(params: URLSearchParams): Shown | null {
  const type = params.get("type") ?? "";
  if (type === "") return null;
  const number = params.get("number") ?? "";
  return {
    type,
    number: /^-?\d{1,15}$/.test(number) ? Number(number) : null,
    since: dayOf(params.get("since")),
    until: dayOf(params.get("until")),
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
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") {
    const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(value);
    return unit === undefined ? number : `${number}\u00a0${unit}`;
  }
  if (Array.isArray(value)) return value.map((each) => valueText(each, unit, locale)).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

const STEPS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Return an amount of bytes in the unit that fits, as `1.2 MB`. */
export function bytesText(bytes: number, locale: string): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), STEPS.length - 1);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: STEPS[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1000 ** step);
}

function dayOf(text: string | null): string | null {
  return text !== null && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
