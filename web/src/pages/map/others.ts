// The other cars on a car's map. Pure.

import type { Position } from "../../components/map/geometry";
import { knownOf } from "../../components/map/whereabouts";
import type { GroupOfCars } from "../../data/groups";
import type { ListedVehicle } from "../../data/live/types";

export interface Other {
  id: string;
  position: Position;
  direction: number | null;
  isOld: boolean;
  /** Who looks may open its pages. */
  isMine: boolean;
}

/** Return the other cars that are somewhere: one's own first, then those of the groups. */
export function othersOf(
  vehicle: string,
  mine: ReadonlyMap<string, ListedVehicle>,
  groups: readonly GroupOfCars[],
): Other[] {
  const found = new Map<string, Other>();
  for (const [id, { state }] of mine) {
    const known = knownOf(state.groups.location);
    if (typeof known === "string") continue;
    const { position, direction, isOld } = known;
    found.set(id, { id, position, direction, isOld, isMine: true });
  }
  for (const { vehicle_id: id, latitude, longitude, ...member } of groups.flatMap(
    ({ members }) => members,
  )) {
    if (found.has(id) || latitude === null || longitude === null) continue;
    const isOld = member.is_stale || member.has_fix === false;
    const { direction, is_mine: isMine } = member;
    found.set(id, { id, position: [longitude, latitude], direction, isOld, isMine });
  }
  found.delete(vehicle);
  return [...found.values()];
}
