// The open vehicle, live, and its commands, for pages.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { sessionQuery, useAccountName } from "../session";
import { vehiclesQuery } from "../vehicles";
import { hold, liveVehicle } from "./registry";
import type { CommandDesk, LiveVehicleView } from "./types";
import { useFollowed } from "./useFollowed";

/**
 * Return a vehicle as it is now, by a WebSocket that all parts of the page share. It is for the
 * vehicle that a person looks at: while it is open, the car reports ten times as often.
 */
export function useVehicle(id: string): LiveVehicleView {
  const vehicle = useLive(id);
  const view = useFollowed(vehicle.subscribe, vehicle.view);
  const client = useQueryClient();
  const { status } = view.connection;
  useEffect(() => {
    // Whoever is not logged in any more, or has the car no longer, is to see that, and not what
    // is left of the car.
    if (status === "login_ended") {
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    }
    if (status === "refused") void client.invalidateQueries({ queryKey: vehiclesQuery.queryKey });
  }, [client, status]);
  return view;
}

/** Return what sends commands to a vehicle, and what became of those before. */
export function useCommand(id: string): CommandDesk {
  const vehicle = useLive(id);
  const { runs, connection, presence, seals_commands } = useFollowed(
    vehicle.subscribe,
    vehicle.view,
  );
  const isOpen = connection.status === "open";
  const blocked = isOpen ? (presence.is_online === false ? "car_away" : null) : "not_connected";
  return useMemo(
    () => ({
      run: (name, parameters) => vehicle.commands.run(name, parameters),
      runs,
      blocked,
      is_sealed: seals_commands,
    }),
    [vehicle, runs, blocked, seals_commands],
  );
}

function useLive(id: string) {
  const account = useAccountName();
  useEffect(() => hold(account, id), [account, id]);
  return liveVehicle(account, id);
}
