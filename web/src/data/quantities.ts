// How numbers are written: in the units that a person likes, in the way of their language, and never
// without a unit. Unknown is a dash. Whatever writes a number on a page does it by this.

import type { Preferences } from "./preferences";
import { type Chosen, unitOf } from "./units";

export const UNKNOWN = "–";

/** Between a number and its unit: no line ends there. */
export const SPACE = "\u00a0";

/** A number in the API's unit; null and undefined are unknown. */
export type Figure = number | null | undefined;

interface Options {
  /** Behind the point. */
  digits?: number;
  /** It was concluded, not measured. */
  isEstimated?: boolean;
}

export interface Quantities {
  /** A number in what the API has it in, as the reader likes it; unknown is a dash. */
  quantity: (value: Figure, unit: string | null, options?: Options) => string;
  /** The unit that the reader sees in place of the API's. */
  unit: (unit: string | null) => string;
  /** A number in the unit that the reader sees. */
  convert: (value: number, unit: string | null) => number;
  plain: (value: number, digits?: number) => string;
  /** Seconds as a span of time: `2 h 5 min`. */
  duration: (seconds: Figure) => string;
}

/** Units of the API that people see in a unit of their choice. */
const CHOSEN: Record<string, Chosen> = {
  km: "distance",
  "km/h": "speed",
  "°C": "temperature",
  kPa: "pressure",
  "kWh/100 km": "consumption",
};

/** Digits behind the point, by the unit of the API. */
const DIGITS: Record<string, number> = {
  km: 1,
  kWh: 1,
  kW: 1,
  "kWh/100 km": 1,
  V: 1,
  A: 1,
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

/** Return how somebody reads numbers who has this locale and likes these units. */
export function quantitiesIn(locale: string, likes: Preferences): Quantities {
  const shown = (unit: string | null) => conversionOf(unit, likes);
  const plain = (value: number, digits = 0) => numberFormat(locale, digits).format(value);
  return {
    plain,
    unit: (unit) => shown(unit)[0],
    convert: (value, unit) => shown(unit)[1](value),
    quantity: (value, unit, { digits, isEstimated = false } = {}) => {
      if (value === null || value === undefined) return UNKNOWN;
      const [symbol, convert] = shown(unit);
      const number = plain(convert(value), digits ?? DIGITS[unit ?? ""] ?? 0);
      const figure = symbol === "" ? number : `${number}${SPACE}${symbol}`;
      return isEstimated ? estimated(figure) : figure;
    },
    duration: (seconds) => durationOf(seconds, plain),
  };
}

/** Return a figure that was concluded, not measured: `≈ 214 km`. */
export function estimated(figure: string): string {
  return figure === UNKNOWN ? UNKNOWN : `≈${SPACE}${figure}`;
}

function durationOf(seconds: Figure, plain: (value: number) => string): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${plain(Math.round(seconds))}${SPACE}s`;
  if (minutes < 60) return `${minutes}${SPACE}min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 72) return `${plain(Math.floor(hours / 24))}${SPACE}d ${hours % 24}${SPACE}h`;
  return `${hours}${SPACE}h ${minutes % 60}${SPACE}min`;
}

const numbers = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, digits: number): Intl.NumberFormat {
  const key = `${locale} ${digits}`;
  const found = numbers.get(key);
  if (found !== undefined) return found;
  const made = new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  numbers.set(key, made);
  return made;
}
