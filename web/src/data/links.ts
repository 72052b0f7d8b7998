// Links to a vehicle's live position, for somebody who waits for it.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useVehicleChange, vehicleKey } from "./queries";

export type { LinkAnswer, MadeLink } from "./api-types";

/** Return the links to a vehicle's position; what leads there is told once, when one is made. */
export function useLinks(vehicle: string, { isAsked = true }: { isAsked?: boolean } = {}) {
  return useQuery({
    ...queryOf(vehicleKey(vehicle, "links"), "GET /vehicles/{vehicle_id}/links", {
      path: { vehicle_id: vehicle },
    }),
    enabled: isAsked,
  });
}

export function useAddLink(vehicle: string) {
  return useVehicleChange(vehicle, "POST /vehicles/{vehicle_id}/links", "links");
}

export function useRemoveLink(vehicle: string) {
  return useVehicleChange(vehicle, "DELETE /vehicles/{vehicle_id}/links/{link_id}", "links");
}
