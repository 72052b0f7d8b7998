import { useCallbackRef } from "@mantine/hooks";
import type { CommandDesk, CommandRun, Groups, LiveVehicleView } from "../../../data/live/types";
import { useCommand, useVehicle } from "../../../data/live/useVehicle";
import { useDialog } from "../../useDialog";
import { useCar } from "../useCar";
import { type Obstacle, obstacleTo, obstacleToAll } from "./availability";
import { type Control, findControl, type Right } from "./controls";

/** What the controls of a car need, on whichever page they are. */
export interface Controls {
  view: LiveVehicleView;
  groups: Groups | null;
  desk: CommandDesk;
  /** Return why a command cannot be sent now; null if it can. */
  obstacle: (command: string, ...needs: Right[]) => Obstacle | null;
  /** Why no command at all can be sent now: it is said once, not at each button. */
  obstacleToAll: Obstacle | null;
  /** Send a command, or ask first what it asks. It stays the same function. */
  press: (control: Control) => void;
  /** The control that asks now. */
  asking: Control | null;
  /** Send what was asked for. */
  answer: (given?: Record<string, string>) => Promise<CommandRun> | undefined;
  cancel: () => void;
}

/** Return what tells a car something, by buttons. */
export function useControls(vehicle: string): Controls {
  const view = useVehicle(vehicle);
  const desk = useCommand(vehicle);
  const car = useCar(vehicle);
  const dialog = useDialog();
  const groups = view.state?.groups ?? null;
  const asking = findControl(dialog.opened);
  const send = ({ command, parameters }: Control, given: Record<string, string> = {}) =>
    desk.run(command, { ...parameters, ...given });
  const press = useCallbackRef((control: Control) => {
    if (control.asks === undefined) void send(control);
    else dialog.open(control.key);
  });
  return {
    view,
    groups,
    desk,
    obstacle: (command, ...needs) => obstacleTo(command, needs, car, groups, desk.blocked),
    obstacleToAll: obstacleToAll(car, desk.blocked),
    press,
    asking: asking?.asks === undefined ? null : asking,
    answer: (given) => {
      dialog.close();
      return asking === null ? undefined : send(asking, given);
    },
    cancel: dialog.close,
  };
}
