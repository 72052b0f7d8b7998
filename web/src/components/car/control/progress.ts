// What became of a command, as its button shows it.

import type { CommandRun } from "../../../data/live/types";
import type { ControlGroups } from "./controlGroups";
import type { Control } from "./controls";

/**
 * `taken`: the car has it and said yes, and has not reported yet what it is for. `done`: it has,
 * or reports nothing of that kind.
 */
export type Step = "waiting" | "sent" | "taken" | "done" | "failed";

export interface Progress {
  step: Step;
  run: CommandRun;
}

/** How long a button shows how a command went that went well. */
const SHOWN = 120_000;

/** Return how the last command of a control goes; null if there was none lately. */
export function progressOf(
  { command, parameters, effect }: Pick<Control, "command" | "parameters" | "effect">,
  runs: readonly CommandRun[],
  groups: ControlGroups | null,
  now: number,
): Progress | null {
  const run = runs.find(
    ({ name, parameters: given }) =>
      name === command &&
      Object.entries(parameters ?? {}).every(([key, value]) => given[key] === value),
  );
  if (run === undefined) return null;
  const step = stepOf(run, groups === null ? undefined : effect?.(groups));
  const isOver = run.ended !== null && step === "done" && now - run.ended > SHOWN;
  return isOver ? null : { step, run };
}

/** Return whether a command is under way, so that its button waits. */
export function isUnderWay(progress: Progress | null): boolean {
  return progress?.step === "waiting" || progress?.step === "sent";
}

function stepOf(run: CommandRun, effect: boolean | null | undefined): Step {
  switch (run.status) {
    case "waiting":
    case "failed":
      return run.status;
    case "done":
      return effect === false ? "taken" : "done";
    default:
      return "sent";
  }
}
