// Which car of the demo to show: one that drives now.

import type { LiveVehiclesView } from "../../data/live/types";
import type { Vehicle } from "../../data/vehicles";

/**
 * Return the first car that is on the road, as the server says now; undefined while it has named
 * none. What this device has kept of an earlier visit does not count.
 */
export function movingCar<T extends Pick<Vehicle, "id">>(
  listed: readonly T[],
  { vehicles, source }: Pick<LiveVehiclesView, "vehicles" | "source">,
): T | undefined {
  if (source !== "live") return undefined;
  return listed.find(({ id }) => {
    const found = vehicles.get(id);
    const driving = found?.state.groups.driving ?? null;
    return found?.presence.is_online === true && driving?.is_on === true && !driving.is_stale;
  });
}
