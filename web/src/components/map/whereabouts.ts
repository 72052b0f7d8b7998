// Where a car is for whoever looks at its map, or why that cannot be said. Pure.

import type { Group, ListedVehicle, LiveVehicleView } from "../../data/live/types";
import type { Position } from "./geometry";

/** Why there is no position to show. */
export type NoPosition =
  /** The first connection is being made. */
  | "connecting"
  /** Who looks may not see it. */
  | "hidden"
  /** It is sealed, and this device has no password. */
  | "locked"
  /** It is sealed, and the password on this device does not open it. */
  | "wrongPassword"
  /** Nothing is kept here, and the server has not answered. */
  | "notTold"
  /** The car has never told one. */
  | "never"
  /** Its receiver has no satellites, and the car knows no earlier position. */
  | "noLock";

export interface Known {
  position: Position;
  direction: number | null;
  /** The receiver has no lock: this is where it had one last. */
  isLocked: boolean;
  /** The car may be somewhere else by now. */
  isOld: boolean;
  /** About how many metres it may be off; null is not known. */
  accuracy: number | null;
  group: Group<"location">;
}

/** Metres that a receiver is off for each unit of its dilution of precision. */
const METRES_A_HDOP = 5;

/** Return where a car is, or why that is not known. */
export function whereaboutsOf({
  state,
  sealing,
  connection,
  is_told,
}: LiveVehicleView): Known | NoPosition {
  if (sealing === "locked") return "locked";
  if (sealing === "wrong_password") return "wrongPassword";
  if (state === null) {
    if (is_told) return "never";
    const isComing = connection.status === "connecting" || connection.status === "open";
    return isComing ? "connecting" : "notTold";
  }
  if (state.hidden.includes("location")) return "hidden";
  return knownOf(state.groups.location);
}

/** Return the same of a car of a list. */
export function whereaboutsListed(listed: ListedVehicle | undefined): Known | NoPosition {
  if (listed === undefined) return "connecting";
  const { state } = listed;
  if (state.hidden.includes("location")) return "hidden";
  if (state.is_paranoid && state.groups.location === null) return "locked";
  return knownOf(state.groups.location);
}

/** Return the position that a car told. */
export function knownOf(group: Group<"location"> | null): Known | NoPosition {
  if (group === null || group.latitude === null || group.longitude === null) return "never";
  const isLocked = group.has_fix !== false;
  if (!isLocked && group.latitude === 0 && group.longitude === 0) return "noLock";
  return {
    position: [group.longitude, group.latitude],
    direction: group.direction,
    isLocked,
    isOld: group.is_stale || !isLocked,
    accuracy: group.hdop === null || group.hdop <= 0 ? null : group.hdop * METRES_A_HDOP,
    group,
  };
}

/** The directions that have a name, clockwise from north. */
export const WINDS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;

/** Return the name of a direction in degrees. */
export function windOf(direction: number): (typeof WINDS)[number] {
  return WINDS[Math.round((((direction % 360) + 360) % 360) / 45) % 8] ?? "n";
}
