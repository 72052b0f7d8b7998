// How fresh a group is: what is on time, what is late, and what is old.

import type { GroupName } from "../../data/live/types";

export type Freshness = "fresh" | "late" | "old";

/** What a car says when it connects, or when it changes: it is never late. */
const ONCE: ReadonlySet<GroupName> = new Set(["module", "capabilities", "tyres", "export"]);

/** Seconds after which a car that is watched should have said it again: modules do each minute. */
const WATCHED = 90;
/** The same of a car that nobody watches: modules say it each ten minutes. */
const UNWATCHED = 660;

/** Return how fresh a group is at a time in milliseconds. */
export function freshnessOf(
  name: GroupName,
  group: { time: string; is_stale: boolean },
  now: number,
  isWatched: boolean,
): Freshness {
  if (group.is_stale) return "old";
  if (ONCE.has(name)) return "fresh";
  const age = (now - Date.parse(group.time)) / 1000;
  return age > (isWatched ? WATCHED : UNWATCHED) ? "late" : "fresh";
}
