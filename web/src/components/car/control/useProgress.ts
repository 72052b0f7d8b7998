import { useTelling } from "../../../data/now";
import type { Control } from "./controls";
import { type Progress, progressOf } from "./progress";
import type { Controls } from "./useControls";

/** Return what became of the last command of a control; null if there was none lately. */
export function useProgress(
  control: Pick<Control, "command" | "parameters" | "effect">,
  { desk, groups }: Pick<Controls, "desk" | "groups">,
): Progress | null {
  const at = (now: number) => progressOf(control, desk.runs, groups, now);
  const isOver = useTelling((now) => at(now) === null);
  return isOver ? null : at(Number.NEGATIVE_INFINITY);
}
