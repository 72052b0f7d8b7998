import { useCallbackRef } from "@mantine/hooks";
import { useMemo } from "react";
import type { CommandDesk, CommandRun } from "../../../data/live/types";
import { useCommand, useVehicle } from "../../../data/live/useVehicle";
import { useDialog } from "../../useDialog";
import { useSteady } from "../../useSteady";
import { useCar } from "../useCar";
import { type Obstacle, obstacleTo, obstacleToAll } from "./availability";
import { type ControlGroups, controlGroups } from "./controlGroups";
import { type Control, findControl, type Right } from "./controls";

/** What the controls of a car need, on whichever page they are. */
export interface Controls {
  groups: ControlGroups | null;
  desk: CommandDesk;
  /** Return why a command cannot be sent now; null if it can. */
  obstacle: (command: string, ...needs: Right[]) => Obstacle | null;
  /** Why no command at all can be sent now: it is said once, not at each button. */
  obstacleToAll: Obstacle | null;
  /** Send a command, or ask first what it asks. */
  press: (control: Control) => void;
  /** The control that asks now. */
  asking: Control | null;
  /** Send what was asked for. */
  answer: (given?: Record<string, string>) => Promise<CommandRun> | undefined;
  cancel: () => void;
}

/** Return what tells a car something, by buttons: the same until a report changes some of it. */
export function useControls(vehicle: string): Controls {
  const { state } = useVehicle(vehicle);
  const desk = useCommand(vehicle);
  const caller = useSteady(useCar(vehicle));
  const dialog = useDialog();
  const groups = useSteady(state === null ? null : controlGroups(state.groups));
  const found = findControl(dialog.opened);
  const asking = found?.asks === undefined ? null : found;
  const send = ({ command, parameters }: Control, given: Record<string, string> = {}) =>
    desk.run(command, { ...parameters, ...given });
  const press = useCallbackRef((control: Control) => {
    if (control.asks === undefined) void send(control);
    else dialog.open(control.key);
  });
  const answer = useCallbackRef((given?: Record<string, string>) => {
    dialog.close();
    return found === null ? undefined : send(found, given);
  });
  const cancel = useCallbackRef(dialog.close);
  return useMemo(
    () => ({
      groups,
      desk,
      obstacle: (command, ...needs) => obstacleTo(command, needs, caller, groups, desk.blocked),
      obstacleToAll: obstacleToAll(caller, desk.blocked),
      press,
      asking,
      answer,
      cancel,
    }),
    [groups, desk, caller, press, asking, answer, cancel],
  );
}
