import { queryOptions, useQuery } from "@tanstack/react-query";
import { get } from "./api";

/** A vehicle of the owner's, or one that is shared with them (`GET /vehicles`). */
export interface Vehicle {
  id: string;
  name: string;
  owner: string;
  is_own: boolean;
  /** What the caller may do with it. */
  rights: ("view" | "location" | "command" | "pin" | "manage")[];
  is_online: boolean;
  /** Its messages are sealed: only devices with the module's password can read them. */
  is_paranoid: boolean;
  tls_only: boolean;
  log_days: number | null;
  log_position_days: number | null;
  makes_journeys: boolean;
  created: string;
}

/** Where the vehicle is kept that was opened last, on this device. */
const LAST = "ovms.vehicle";

export const vehiclesQuery = queryOptions({
  queryKey: ["vehicles"],
  queryFn: ({ signal }) => get<Vehicle[]>("/vehicles", {}, signal),
});

/** Return the vehicles that the caller may see. */
export function useVehicles() {
  return useQuery(vehiclesQuery);
}

/** Return the vehicle that was opened last on this device. */
export function lastVehicle(): string | null {
  return localStorage.getItem(LAST);
}

/** Note which vehicle was opened. */
export function rememberVehicle(id: string): void {
  localStorage.setItem(LAST, id);
}
