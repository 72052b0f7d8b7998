// Journeys by the day on which they began, in the zone of their owner.

import { daysBetween, localDay } from "../../../data/days";

export interface Dated {
  start: { time: string };
}

export type DayName = "today" | "yesterday" | "other";

export interface DayOf<T> {
  /** The local day: `2026-11-27`. */
  day: string;
  name: DayName;
  items: T[];
}

/** Return journeys by their days, in the order in which they came. */
export function byDay<T extends Dated>(
  journeys: readonly T[],
  zone: string,
  now: number,
): DayOf<T>[] {
  const today = localDay(now, zone);
  const days: DayOf<T>[] = [];
  for (const journey of journeys) {
    const day = localDay(journey.start.time, zone);
    const last = days.at(-1);
    if (last?.day === day) last.items.push(journey);
    else days.push({ day, name: nameOf(daysBetween(day, today)), items: [journey] });
  }
  return days;
}

function nameOf(before: number): DayName {
  if (before === 0) return "today";
  if (before === 1) return "yesterday";
  return "other";
}

/** Days of one week, from Monday on; today and yesterday stand before all weeks. */
export interface WeekOf<T> {
  /** Its Monday; null of today and yesterday. */
  monday: string | null;
  days: DayOf<T>[];
}

/** Return days by their weeks, in the order in which they came. */
export function byWeek<T>(days: readonly DayOf<T>[]): WeekOf<T>[] {
  const weeks: WeekOf<T>[] = [];
  for (const day of days) {
    const monday = day.name === "other" ? mondayOf(day.day) : null;
    const last = weeks.at(-1);
    if (last !== undefined && last.monday === monday) last.days.push(day);
    else weeks.push({ monday, days: [day] });
  }
  return weeks;
}

/** Return the Monday of a day's week. */
export function mondayOf(day: string): string {
  const time = Date.parse(`${day}T00:00Z`);
  const since = (new Date(time).getUTCDay() + 6) % 7;
  return new Date(time - since * 86_400_000).toISOString().slice(0, 10);
}
