// What the page of charts shows, as its address says it.

import { LEAST, MOST, type Span } from "../../components/charts/span";

export interface View {
  fields: string[];
  /** Null is a range that ends now. */
  span: Span | null;
  /** Seconds of a range that ends now. */
  range: number;
  /** What is compared: the same fields this much earlier (seconds); null is nothing. */
  earlier: number | null;
}

export const RANGES = {
  hours: 6 * 3600,
  day: 86_400,
  week: 7 * 86_400,
  month: 31 * 86_400,
  year: 366 * 86_400,
} as const;

export type RangeName = keyof typeof RANGES;

/** The most fields at a time: each has its place and its colour. */
export const FIELD_LIMIT = 6;

/** What a new reader sees: the last day of charge and power. */
const FIRST = ["soc", "battery_power", "charge_power"];

/** Return what an address asks for; what makes no sense in it is left out. */
export function viewOf(params: URLSearchParams): View {
  const fields = (params.get("fields") ?? "").split(",").filter((each) => each !== "");
  const span = { since: secondsOf(params.get("since")), until: secondsOf(params.get("until")) };
  const isSpan = span.until - span.since >= LEAST && span.until - span.since <= MOST;
  const range = secondsOf(params.get("range"));
  const earlier = secondsOf(params.get("earlier"));
  return {
    fields: fields.length > 0 ? [...new Set(fields)].slice(0, FIELD_LIMIT) : FIRST,
    span: isSpan ? span : null,
    range: range >= LEAST && range <= MOST ? range : RANGES.day,
    earlier: earlier > 0 ? earlier : null,
  };
}

function secondsOf(text: string | null): number {
  return text !== null && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
}

/** Return an address's query for a view. */
export function paramsOf({ fields, span, range, earlier }: View): URLSearchParams {
  const params = new URLSearchParams({ fields: fields.join(",") });
  if (span !== null) {
    params.set("since", String(span.since));
    params.set("until", String(span.until));
  } else if (range !== RANGES.day) params.set("range", String(range));
  if (earlier !== null) params.set("earlier", String(earlier));
  return params;
}

/** Return the span that is shown at a moment (seconds). */
export function spanOf({ span, range }: View, now: number): Span {
  return span ?? { since: now - range, until: now };
}

/** Return the name of the range that a view has; null of a span of its own. */
export function rangeName({ span, range }: View): RangeName | null {
  if (span !== null) return null;
  const names = Object.keys(RANGES) as RangeName[];
  return names.find((name) => RANGES[name] === range) ?? null;
}
