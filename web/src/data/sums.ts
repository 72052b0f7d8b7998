// Sums of journeys by time, place or vehicle.

import { useQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { queryOf, vehicleKey } from "./queries";

export type { SumsAnswer } from "./api-types";

/** Return the sums of a vehicle's journeys. */
export function useSums(vehicle: string, query: QueryOf<"GET /vehicles/{vehicle_id}/sums"> = {}) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "sums"), "GET /vehicles/{vehicle_id}/sums", {
      path: { vehicle_id: vehicle },
      query,
    }),
  );
}

/** Return the sums of all vehicles, or of those that `vehicle` names. */
export function useAllSums(query: QueryOf<"GET /sums"> = {}) {
  return useQuery(queryOf(["sums"], "GET /sums", { query }));
}
