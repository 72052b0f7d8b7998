// Sums of journeys by time or place.

import { useQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { queryOf, vehicleKey } from "./queries";

/** Return the sums of a vehicle's journeys. */
export function useSums(vehicle: string, query: QueryOf<"GET /vehicles/{vehicle_id}/sums"> = {}) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "sums"), "GET /vehicles/{vehicle_id}/sums", {
      path: { vehicle_id: vehicle },
      query,
    }),
  );
}
