// Why a car cannot be told something: what one may do, what it can, and whether it is there.

import type { CommandDesk } from "../../../data/live/types";
import { supports } from "../../../protocol/capabilities";
import { findCommand } from "../../../protocol/commands";
import type { ControlGroups } from "./controlGroups";
import type { Right } from "./controls";

export type Obstacle = "noRight" | "unsupported" | "not_connected" | "car_away";

export interface Caller {
  isOwner: boolean;
  rights: readonly string[];
}

/** Return why a command cannot be sent now, what lasts longest first; null if it can. */
export function obstacleTo(
  command: string,
  needs: readonly Right[],
  caller: Caller,
  groups: Pick<ControlGroups, "capabilities"> | null,
  blocked: CommandDesk["blocked"],
): Obstacle | null {
  if (!needs.every((right) => mayDo(right, caller))) return "noRight";
  if (!canDo(command, groups)) return "unsupported";
  return blocked;
}

/** Return why no command at all can be sent now, which is said once for all; null if some can. */
export function obstacleToAll(caller: Caller, blocked: CommandDesk["blocked"]): Obstacle | null {
  return mayDo("command", caller) ? blocked : "noRight";
}

function mayDo(right: Right, { isOwner, rights }: Caller): boolean {
  return isOwner || (right !== "owner" && rights.includes(right));
}

/** Return whether a car takes a command: one that does not list its commands may take any. */
function canDo(command: string, groups: Pick<ControlGroups, "capabilities"> | null): boolean {
  const ranges = groups?.capabilities?.commands ?? [];
  const spec = findCommand(command);
  if (ranges.length === 0 || spec === undefined) return true;
  return spec.answered_by !== "vehicle" || supports(ranges, spec.number);
}
