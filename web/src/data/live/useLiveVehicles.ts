// All vehicles of the account, live, for lists, walls and the map of all.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { vehicleKey } from "../queries";
import { useAccountName } from "../session";
import { useVehicles } from "../vehicles";
import { Fleet } from "./fleet";
import type { LiveVehiclesView } from "./types";
import { useFollowed } from "./useFollowed";

let fleet: { account: string; fleet: Fleet } | null = null;

function fleetOf(account: string): Fleet {
  if (fleet?.account !== account) fleet = { account, fleet: new Fleet(account) };
  return fleet.fleet;
}

/** Return the vehicles as they are now. No car is told of it, so it costs no owner anything. */
export function useLiveVehicles(): LiveVehiclesView {
  const found = fleetOf(useAccountName());
  const client = useQueryClient();
  const { data: listed } = useVehicles();
  useEffect(() => {
    if (listed !== undefined) found.list(listed.map(({ id }) => id));
  }, [found, listed]);
  useEffect(
    () =>
      found.onJourneys((vehicle) => {
        for (const area of ["journeys", "sums", "battery"]) {
          void client.invalidateQueries({ queryKey: vehicleKey(vehicle, area) });
        }
      }),
    [found, client],
  );
  return useFollowed(found.subscribe, found.view);
}
