// Moments in words, in the way of the person's language.

import { useMemo } from "react";
import { useLocale } from "../../data/locale";
import { UNKNOWN } from "../../data/quantities";

export interface Moments {
  /** A day and a time. */
  moment: (iso: string | null) => string;
  /** A day. */
  day: (iso: string | null) => string;
  /** How long ago: "12 seconds ago". */
  ago: (iso: string, now: number) => string;
  /** A number of bytes: "1.2 MB". */
  bytes: (count: number | null) => string;
  count: (value: number | null) => string;
}

/** Return moments as somebody reads them who has this locale. */
export function momentsIn(language: string): Moments {
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const number = new Intl.NumberFormat(language);
  return {
    moment: (iso) => (iso === null ? UNKNOWN : moment.format(Date.parse(iso))),
    day: (iso) => (iso === null ? UNKNOWN : day.format(Date.parse(iso))),
    ago: (iso, now) => agoIn(language, (now - Date.parse(iso)) / 1000),
    bytes: (count) => (count === null ? UNKNOWN : bytesIn(language, count)),
    count: (value) => (value === null ? UNKNOWN : number.format(value)),
  };
}

/** Return moments for the person who looks. */
export function useMoments(): Moments {
  const locale = useLocale();
  return useMemo(() => momentsIn(locale), [locale]);
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number, number][] = [
  ["second", 1, 60],
  ["minute", 60, 60],
  ["hour", 3600, 48],
  ["day", 86_400, Number.POSITIVE_INFINITY],
];

function agoIn(language: string, seconds: number): string {
  const past = Math.max(0, seconds);
  const [unit, size] = STEPS.find(([, size, many]) => past / size < many) ?? ["day", 86_400];
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(past / size), unit);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

function bytesIn(language: string, count: number): string {
  const step = Math.min(UNITS.length - 1, count < 1000 ? 0 : Math.floor(Math.log10(count) / 3));
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    maximumSignificantDigits: 3,
  }).format(count / 1000 ** step);
}
