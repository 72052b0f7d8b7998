// How fresh a group is: what is on time, what is late, and what is old.

import type { GroupName } from "../../data/live/types";

/** `kept`: the car has just said it, as what it knew before it fell asleep. */
export type Freshness = "fresh" | "late" | "old" | "kept";

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
  const age = (now - Date.parse(group.time)) / 1000;
  if (group.is_stale) return age > WATCHED ? "old" : "kept";
  if (ONCE.has(name)) return "fresh";
  return age > (isWatched ? WATCHED : UNWATCHED) ? "late" : "fresh";
}
