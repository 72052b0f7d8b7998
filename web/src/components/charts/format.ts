// How numbers, times and money are written; a number never stands without its unit.

import { UNKNOWN } from "../../data/figures";
import type { Preferences } from "../../data/preferences";
import { type Chosen, unitOf } from "../../data/units";

export { UNKNOWN };

export interface Format {
  locale: string;
  zone: string;
  /** A number in what the API has it in, as the reader likes it; unknown is a dash. */
  quantity: (value: number | null | undefined, unit: string | null, options?: Options) => string;
  /** The unit that the reader sees in place of the API's. */
  unit: (unit: string | null) => string;
  /** A number in the unit that the reader sees. */
  convert: (value: number, unit: string | null) => number;
  plain: (value: number, digits?: number) => string;
  money: (
    money: { amount: string; currency: string } | null | undefined,
    about?: boolean,
  ) => string;
  duration: (seconds: number | null | undefined) => string;
  time: (when: string | number) => string;
  date: (when: string | number) => string;
  dateTime: (when: string | number) => string;
  month: (key: string) => string;
  shortMonth: (key: string) => string;
  /** The week from a Monday on, as `16 – 22 Nov 2026`. */
  week: (monday: string) => string;
}

interface Options {
  digits?: number;
  /** It was concluded, not measured. */
  isEstimated?: boolean;
}

/** Units of the API that people see in a unit of their choice. */
const CHOSEN: Record<string, Chosen> = {
  km: "distance",
  "km/h": "speed",
  "°C": "temperature",
  kPa: "pressure",
  "kWh/100 km": "consumption",
};

const FOOT = 0.3048; // metres
const PSI = 6.894757; // kPa

type Conversion = readonly [symbol: string, from: (value: number) => number];

/** Return how a number in a unit of the API is shown. */
function conversionOf(unit: string | null, likes: Preferences): Conversion {
  const kind = CHOSEN[unit ?? ""];
  if (kind !== undefined) {
    const { symbol, from } = unitOf(kind, likes);
    return [symbol, from];
  }
  if (unit === "m" && likes.distance === "mi") return ["ft", (value) => value / FOOT];
  if (unit === "psi") {
    const { symbol, from } = unitOf("pressure", likes);
    return [symbol, (value) => from(value * PSI)];
  }
  return [unit ?? "", (value) => value];
}

/** Digits behind the point, by the unit of the API. */
const DIGITS: Record<string, number> = {
  km: 1,
  kWh: 1,
  kW: 1,
  "kWh/100 km": 1,
  V: 1,
  A: 1,
};

/** Return how a reader likes things written. `zone` is an IANA name. */
export function makeFormat(locale: string, zone: string, likes: Preferences): Format {
  const shown = (unit: string | null) => conversionOf(unit, likes);
  const plain = (value: number, digits = 0) => numberFormat(locale, digits).format(value);
  const date = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
    return (when: string | number) => format.format(new Date(when));
  };
  const weeks = new Intl.DateTimeFormat(locale, { timeZone: "UTC", dateStyle: "medium" });
  const month = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
    return (key: string) => format.format(new Date(`${key}-01T00:00:00Z`));
  };
  return {
    locale,
    zone,
    plain,
    unit: (unit) => shown(unit)[0],
    convert: (value, unit) => shown(unit)[1](value),
    quantity: (value, unit, { digits, isEstimated = false } = {}) => {
      if (value === null || value === undefined) return UNKNOWN;
      const [symbol, convert] = shown(unit);
      const number = plain(convert(value), digits ?? DIGITS[unit ?? ""] ?? 0);
      const space = symbol === "" ? "" : "\u00a0";
      return `${isEstimated ? "≈\u00a0" : ""}${number}${space}${symbol}`;
    },
    money: (money, about = false) =>
      money === null || money === undefined
        ? UNKNOWN
        : (about ? "≈\u00a0" : "") +
          moneyFormat(locale, money.currency).format(Number(money.amount)),
    duration: (seconds) => durationOf(seconds, plain),
    time: date({ hour: "2-digit", minute: "2-digit" }),
    date: date({ weekday: "short", day: "numeric", month: "long", year: "numeric" }),
    dateTime: date({ dateStyle: "medium", timeStyle: "short" }),
    month: month({ month: "long", year: "numeric" }),
    week: (monday) => {
      const start = Date.parse(`${monday}T00:00Z`);
      return weeks.formatRange(start, start + 6 * 86_400_000);
    },
    shortMonth: month({ month: "short", year: "numeric" }),
  };
}

function durationOf(seconds: number | null | undefined, plain: (value: number) => string): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${plain(Math.round(seconds))}\u00a0s`;
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 72) return `${plain(Math.floor(hours / 24))}\u00a0d ${hours % 24}\u00a0h`;
  return `${hours}\u00a0h ${minutes % 60}\u00a0min`;
}

const numbers = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, digits: number): Intl.NumberFormat {
  return cached(numbers, `${locale} ${digits}`, () => {
    return new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  });
}

function moneyFormat(locale: string, currency: string): Intl.NumberFormat {
  return cached(numbers, `${locale} ${currency}`, () => {
    return new Intl.NumberFormat(locale, { style: "currency", currency });
  });
}

function cached<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const found = kept.get(key);
  if (found !== undefined) return found;
  const made = make();
  kept.set(key, made);
  return made;
}
