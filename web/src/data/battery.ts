// What charges and trips say of the battery over the years.

import { useQuery } from "@tanstack/react-query";
import { queryOf, vehicleKey } from "./queries";

/** Return capacity, full range, cycles and losses, by month and by temperature. */
export function useBattery(vehicle: string) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "battery"), "GET /vehicles/{vehicle_id}/battery", {
      path: { vehicle_id: vehicle },
    }),
  );
}
