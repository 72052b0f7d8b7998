// How numbers, money, and the times of an account's days are written.

import type { Preferences } from "../../data/preferences";
import { estimated, type Quantities, quantitiesIn, UNKNOWN } from "../../data/quantities";

export { UNKNOWN };

export interface Format extends Quantities {
  locale: string;
  /** Of all times and days below. */
  zone: string;
  money: (
    money: { amount: string; currency: string } | null | undefined,
    about?: boolean,
  ) => string;
  time: (when: string | number) => string;
  date: (when: string | number) => string;
  dateTime: (when: string | number) => string;
  month: (key: string) => string;
  shortMonth: (key: string) => string;
  /** The week from a Monday on, as `16 – 22 Nov 2026`. */
  week: (monday: string) => string;
}

/** Return how a reader likes things written. `zone` is an IANA name. */
export function makeFormat(locale: string, zone: string, likes: Preferences): Format {
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
    ...quantitiesIn(locale, likes),
    money: (money, about = false) => {
      if (money === null || money === undefined) return UNKNOWN;
      const figure = moneyFormat(locale, money.currency).format(Number(money.amount));
      return about ? estimated(figure) : figure;
    },
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

const currencies = new Map<string, Intl.NumberFormat>();

function moneyFormat(locale: string, currency: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`;
  const found = currencies.get(key);
  if (found !== undefined) return found;
  const made = new Intl.NumberFormat(locale, { style: "currency", currency });
  currencies.set(key, made);
  return made;
}
