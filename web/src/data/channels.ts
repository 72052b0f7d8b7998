// Where alerts of a vehicle go.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useVehicleChange, vehicleKey } from "./queries";

export type { ChannelAnswer, ChannelKind } from "./api-types";

/** Return by what the server can tell people. */
export function useChannelTypes() {
  return useQuery(queryOf(["channels"], "GET /channels", {}));
}

/** Return who is told of a vehicle's alerts. */
export function useChannels(vehicle: string) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "channels"), "GET /vehicles/{vehicle_id}/channels", {
      path: { vehicle_id: vehicle },
    }),
  );
}

export function useSetChannel(vehicle: string) {
  return useVehicleChange(vehicle, "PUT /vehicles/{vehicle_id}/channels/{channel_id}", "channels");
}

export function useRemoveChannel(vehicle: string) {
  return useVehicleChange(
    vehicle,
    "DELETE /vehicles/{vehicle_id}/channels/{channel_id}",
    "channels",
  );
}

/** Return what sends a test alert; the answer says what became of it. */
export function useTestChannel(vehicle: string) {
  return useVehicleChange(vehicle, "POST /vehicles/{vehicle_id}/channels/{channel_id}/test");
}
