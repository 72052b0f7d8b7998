// What the page of a car knows of it.

import { useQuery } from "@tanstack/react-query";
import type { StateAnswer } from "../../data/api-types";
import type { GroupName, LiveVehicleView, VehicleState } from "../../data/live/types";
import { queryOf, vehicleKey } from "../../data/queries";

const EVERY = 5000;

export function useCarView(vehicle: string): LiveVehicleView {
  const { data, error, dataUpdatedAt, errorUpdatedAt } = useQuery({
    ...queryOf(vehicleKey(vehicle, "state"), "GET /vehicles/{vehicle_id}/state", {
      path: { vehicle_id: vehicle },
    }),
    refetchInterval: EVERY,
  });
  const status = error !== null ? "server_away" : data === undefined ? "connecting" : "open";
  return {
    state: data === undefined ? null : stateOf(data),
    source: "live",
    connection: {
      status,
      since: error === null ? dataUpdatedAt : errorUpdatedAt,
      retry_at: null,
    },
    presence: { is_online: data?.is_online ?? null, since: null },
    sealing: data?.is_paranoid === true ? "locked" : "open",
    alerts: [],
    reports: data?.heard == null ? 0 : Date.parse(data.heard),
  };
}

function stateOf(answer: StateAnswer): VehicleState {
  return {
    ...answer,
    distance_unit: answer.distance_unit as VehicleState["distance_unit"],
    hidden: answer.hidden as GroupName[],
  };
}
