// How a car's module is set up: features and parameters. The car is asked each time.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useVehicleChange, vehicleKey } from "./queries";

export type { FeatureAnswer, ParameterAnswer } from "./api-types";

/** The car is asked, which takes it up to half a minute: not again when a page is seen again. */
const ASKED = { staleTime: Number.POSITIVE_INFINITY, retry: false, refetchOnWindowFocus: false };

/** Return the features of a car's module. */
export function useFeatures(vehicle: string) {
  return useQuery({
    ...queryOf(vehicleKey(vehicle, "features"), "GET /vehicles/{vehicle_id}/features", {
      path: { vehicle_id: vehicle },
    }),
    ...ASKED,
  });
}

/** Return the parameters of a car's module; only its owner may. A password is `*`. */
export function useParameters(vehicle: string) {
  return useQuery({
    ...queryOf(vehicleKey(vehicle, "parameters"), "GET /vehicles/{vehicle_id}/parameters", {
      path: { vehicle_id: vehicle },
    }),
    ...ASKED,
  });
}

export function useSetFeature(vehicle: string) {
  return useVehicleChange(vehicle, "PUT /vehicles/{vehicle_id}/features/{number}", "features");
}

export function useSetParameter(vehicle: string) {
  return useVehicleChange(
    vehicle,
    "PUT /vehicles/{vehicle_id}/parameters/{number}",
    "parameters",
    "features",
  );
}
