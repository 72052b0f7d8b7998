// Whether a car is connected, and why it last failed to connect.

import { useQuery } from "@tanstack/react-query";
import { queryOf, vehicleKey } from "./queries";

export type { ConnectionAnswer } from "./api-types";

/** Return how a car is connected; asked again every few seconds while a page shows it. */
export function useConnection(vehicle: string, { every = 3 }: { every?: number } = {}) {
  return useQuery({
    ...queryOf(vehicleKey(vehicle, "connection"), "GET /vehicles/{vehicle_id}/connection", {
      path: { vehicle_id: vehicle },
    }),
    refetchInterval: every * 1000,
  });
}
