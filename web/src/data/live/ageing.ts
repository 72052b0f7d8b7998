// What the event stream told grows old on a page that stays open. Pure.

import { STALE_AGE } from "../../protocol/state";
import { CODES, GROUPS } from "../../protocol/tables";
import { isGroup } from "./reports";
import type { GroupName, Groups, VehicleState } from "./types";

/** Groups that a car says again and again while it is there. */
const TELEMETRY = GROUPS.filter(({ code }) => CODES[code]?.is_telemetry)
  .map(({ name }) => name)
  .filter(isGroup);

/**
 * Return a state in which those groups are stale that the car should have said again by now
 * (milliseconds); the same object while there is none.
 */
export function aged(state: VehicleState, now: number): VehicleState {
  const isOver = (name: GroupName) => {
    const group = state.groups[name];
    if (!group || group.is_stale) return false;
    return now - Date.parse(group.time) > STALE_AGE * 1000;
  };
  const over = TELEMETRY.filter(isOver);
  if (over.length === 0) return state;
  const stale = over.map((name) => [name, { ...state.groups[name], is_stale: true }]);
  return { ...state, groups: { ...state.groups, ...Object.fromEntries(stale) } as Groups };
}
