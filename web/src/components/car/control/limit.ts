// The limit of the charge. The field's cars that have one take it as their feature 10.

import type { ControlGroups } from "./controlGroups";

/** "Sufficient SOC": where a charge may end. */
export const LIMIT_FEATURE = "10";

/** Return the parameters of `set-feature` for a limit in percent. */
export function limitParameters(limit: number): Record<string, string> {
  return { feature: LIMIT_FEATURE, value: String(limit) };
}

/** Return the limit that the car reports, percent; null if it has none to report. */
export function limitOf(groups: Pick<ControlGroups, "charge"> | null): number | null {
  const limit = groups?.charge?.soc_limit ?? null;
  if (limit === null) return null;
  return limit === 0 ? 100 : limit; // 0 is no limit
}
