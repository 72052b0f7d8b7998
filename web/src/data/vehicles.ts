import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ApiError, isUnknownVehicle } from "./api";
import type { VehicleAnswer as Vehicle } from "./api-types";
import { ask } from "./calls";
import { serverTime } from "./clock";
import { isDeviceCar } from "./device/cars";
import { keep, kept } from "./device/local";
import { readVehicles, writeVehicles } from "./device/vehicles";
import { keptWho } from "./device/who";
import { queryOf, useChange, vehicleKey } from "./queries";

export type { Vehicle };

const LIST = ["vehicles"];
const stale = () => [LIST];

/** Milliseconds until a server that was away is asked for its vehicles again. */
const AGAIN = 30_000;

/** Where the vehicle is kept that was opened last, on this device. */
const LAST = "ovms.vehicle";

export const vehiclesQuery = queryOptions({
  queryKey: LIST,
  queryFn: async ({ client, signal }) => {
    const account = keptWho()?.owner ?? "";
    try {
      const vehicles = await ask("GET /vehicles", {}, signal);
      void writeVehicles(account, { vehicles, time: serverTime() });
      return vehicles;
    } catch (error) {
      await showKept(client, error);
      throw error;
    }
  },
  refetchOnReconnect: true,
  refetchInterval: ({ state }) => (state.status === "error" ? AGAIN : false),
});

/** While the server is away, show the vehicles that this device keeps; the server is asked again. */
async function showKept(client: QueryClient, error: unknown): Promise<void> {
  if (!(error instanceof ApiError && error.status === 0)) return;
  if (client.getQueryData(LIST) !== undefined) return;
  const kept = await readVehicles();
  if (kept !== undefined) client.setQueryData(LIST, kept.vehicles, { updatedAt: kept.time });
}

/** Return the vehicles that the caller may see. */
export function useVehicles() {
  return useQuery(vehiclesQuery);
}

/** Return a vehicle as the list has it; undefined while that is unknown, or where it is not there. */
export function useListedVehicle(vehicle: string | null): Vehicle | undefined {
  return useVehicles().data?.find(({ id }) => id === vehicle);
}

/** Return one vehicle: its name, whose it is, what the caller may do with it. */
export function useVehicleFacts(vehicle: string) {
  return useQuery(factsQuery(vehicle));
}

function factsQuery(vehicle: string) {
  const path = { vehicle_id: vehicle };
  return queryOf([...LIST, vehicle], "GET /vehicles/{vehicle_id}", { path });
}

/** What is known of a vehicle that an address names. */
export type Known = "yes" | "asking" | "no";

/**
 * Return whether the caller has a vehicle. Where the list lacks it, the server is asked, because
 * it may be newer than the list; while the server is away, it is taken for known.
 */
export function useIsKnown(vehicle: string): Known {
  const client = useQueryClient();
  const { data: vehicles } = useVehicles();
  const isListed = isDeviceCar(vehicle) || vehicles?.some(({ id }) => id === vehicle);
  const isMissing = isListed === false;
  const { data, error, isPending } = useQuery({ ...factsQuery(vehicle), enabled: isMissing });
  const isNew = isMissing && data !== undefined;
  useEffect(() => {
    if (isNew) void client.invalidateQueries({ queryKey: LIST, exact: true });
  }, [client, isNew]);
  if (!isMissing) return "yes";
  if (isUnknownVehicle(error)) return "no";
  return isPending ? "asking" : "yes";
}

/** Return what makes a vehicle; the answer tells its secret, this once. */
export function useAddVehicle() {
  return useChange("POST /vehicles", stale);
}

export function useChangeVehicle() {
  return useChange("PATCH /vehicles/{vehicle_id}", stale);
}

/** Return what gives a vehicle a new secret; who came by the old one is closed, its record goes. */
export function useNewSecret() {
  return useChange("POST /vehicles/{vehicle_id}/secret", ({ path }) => [
    LIST,
    vehicleKey(path.vehicle_id, "provision"),
  ]);
}

/** Return what removes a vehicle with all that is stored of it. */
export function useRemoveVehicle() {
  return useChange("DELETE /vehicles/{vehicle_id}", stale);
}

/** Return what erases all that a vehicle has sent; the vehicle stays. */
export function useEraseVehicle() {
  return useChange("DELETE /vehicles/{vehicle_id}/data", () => [LIST, ["vehicle"]]);
}

/** Return the vehicle that was opened last on this device. */
export function lastVehicle(): string | null {
  return kept(LAST);
}

/** Note which vehicle was opened; null forgets it. */
export function rememberVehicle(id: string | null): void {
  keep(LAST, id);
}
