// What an owner is told of what the car did: which rules of a form differ from what counts.

import type { JourneyAlertChanges, JourneyAlerts } from "../../../data/api-types";

export const RULES = [
  "places",
  "charge_stopped",
  "charge_missed",
  "arrival_soc",
  "parked_loss",
  "service",
] as const;

/** Return the rules that were changed, whole. */
export function changesOf(before: JourneyAlerts, form: JourneyAlerts): JourneyAlertChanges {
  const changed = RULES.filter((name) => !isSame(before[name], form[name]));
  return Object.fromEntries(changed.map((name) => [name, form[name]]));
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Return what a number field says: null where it may be empty and is. */
export function optional(value: number | string): number | null {
  return value === "" ? null : Number(value);
}
