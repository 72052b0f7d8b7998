// With whom vehicles are shared: by the owner, and with the owner.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useChange, useVehicleChange, vehicleKey } from "./queries";

export type { ReceivedShare, ShareAnswer } from "./api-types";

/** Return with whom a vehicle is shared; only its owner may ask. */
export function useShares(vehicle: string) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "shares"), "GET /vehicles/{vehicle_id}/shares", {
      path: { vehicle_id: vehicle },
    }),
  );
}

/** Return what shares a vehicle with somebody, or changes how. */
export function useSetShare(vehicle: string) {
  return useVehicleChange(vehicle, "PUT /vehicles/{vehicle_id}/shares/{owner}", "shares");
}

export function useEndShare(vehicle: string) {
  return useVehicleChange(vehicle, "DELETE /vehicles/{vehicle_id}/shares/{owner}", "shares");
}

/** Return which vehicles others share with the caller. */
export function useReceivedShares() {
  return useQuery(queryOf(["shares"], "GET /shares", {}));
}

/** Return what gives a vehicle back that somebody shares with the caller. */
export function useGiveBack() {
  return useChange("DELETE /shares/{vehicle_id}", () => [["shares"], ["vehicles"]]);
}
