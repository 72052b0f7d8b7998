// What a new module of a vehicle is told that asks by its car's VIN.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useVehicleChange, vehicleKey } from "./queries";

export type {
  MadeProvision,
  ProvisionAnswer,
  ProvisionBody,
  ProvisionParameter,
} from "./api-types";

const AREA = "provision";

/** Return the record of a vehicle, or that there is none; only its owner may ask. */
export function useProvision(vehicle: string) {
  return useQuery(
    queryOf(vehicleKey(vehicle, AREA), "GET /vehicles/{vehicle_id}/provision", {
      path: { vehicle_id: vehicle },
    }),
  );
}

/** Return what makes the record or replaces it; the answer says what the module gets. */
export function usePutProvision(vehicle: string) {
  return useVehicleChange(vehicle, "PUT /vehicles/{vehicle_id}/provision", AREA);
}

export function useRemoveProvision(vehicle: string) {
  return useVehicleChange(vehicle, "DELETE /vehicles/{vehicle_id}/provision", AREA);
}
