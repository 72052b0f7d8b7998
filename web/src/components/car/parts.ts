// What the picture of a car shows of each part; null is unknown.

import type { Groups } from "../../data/live/types";

export const DOORS = ["front_left", "front_right", "rear_left", "rear_right"] as const;

export type Door = (typeof DOORS)[number];

export interface Parts {
  /** Whether each door is open. */
  doors: Record<Door, boolean | null>;
  bonnet: boolean | null;
  trunk: boolean | null;
  chargePort: boolean | null;
  plug: boolean | null;
  charging: boolean | null;
  headlights: boolean | null;
  locked: boolean | null;
  valet: boolean | null;
  alarm: boolean | null;
  /** What is shown may have changed since: the car has not said it again. */
  isOld: boolean;
}

/** Return the state of the parts as the car last reported it. */
export function partsOf(groups: Groups | null): Parts {
  const doors = groups?.doors ?? null;
  return {
    doors: {
      front_left: doors?.is_front_left_open ?? null,
      front_right: doors?.is_front_right_open ?? null,
      rear_left: doors?.is_rear_left_open ?? null,
      rear_right: doors?.is_rear_right_open ?? null,
    },
    bonnet: either(doors?.is_bonnet_open, doors?.is_frunk_open),
    trunk: doors?.is_trunk_open ?? null,
    chargePort: doors?.is_charge_port_open ?? null,
    plug: doors?.is_plugged_in ?? null,
    charging: groups?.charge?.is_charging ?? null,
    headlights: doors?.are_headlights_on ?? null,
    locked: doors?.is_locked ?? null,
    valet: doors?.is_valet_on ?? null,
    alarm: doors?.is_alarm_on ?? null,
    isOld: doors?.is_stale ?? false,
  };
}

/** Return the doors that are open. */
export function openDoors({ doors }: Parts): Door[] {
  return DOORS.filter((door) => doors[door] === true);
}

/** Return true if one of two is true, null if nothing is known of either. */
function either(one: boolean | null | undefined, other: boolean | null | undefined) {
  if (one === true || other === true) return true;
  return one ?? other ?? null;
}
