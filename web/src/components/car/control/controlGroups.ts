// What the controls of a car look at of what it reports. Most reports change none of it.

import type { Groups } from "../../../data/live/types";

/** A car's groups, as far as controls look at them. */
export type ControlGroups = ReturnType<typeof controlGroups>;

/** Return what controls look at of a car's groups. */
export function controlGroups(groups: Groups) {
  return {
    doors: part(groups.doors, "is_locked", "is_valet_on"),
    charge: part(
      groups.charge,
      "is_charging",
      "is_cooling",
      "is_timed",
      "mode",
      "current_limit",
      "soc_limit",
      "timer_start",
    ),
    temperatures: part(groups.temperatures, "is_hvac_on"),
    driving: part(groups.driving, "is_awake"),
    module: part(groups.module, "may_write"),
    capabilities: part(groups.capabilities, "commands"),
  };
}

function part<T extends object, Field extends keyof T>(
  group: T | null,
  ...fields: Field[]
): Pick<T, Field> | null {
  if (group === null) return null;
  return Object.fromEntries(fields.map((each) => [each, group[each]])) as Pick<T, Field>;
}
