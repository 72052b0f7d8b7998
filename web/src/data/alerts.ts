// The alerts of a vehicle that the server keeps; live ones come with the live state.

import { useInfiniteQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { pagesOf, vehicleKey } from "./queries";

export type { VehicleAlertAnswer as VehicleAlert } from "./api-types";

const LIST = "GET /vehicles/{vehicle_id}/alerts";

/** The key of the alerts of all vehicles. */
export const ALL_ALERTS = ["alerts"];

/** Which alerts: kinds and a span. */
export type AlertFilter = Omit<QueryOf<typeof LIST>, "after">;

export function alertsQuery(vehicle: string, filter: AlertFilter = {}) {
  return pagesOf(vehicleKey(vehicle, "alerts"), LIST, {
    path: { vehicle_id: vehicle },
    query: filter,
  });
}

/** Return the alerts of the last year, the newest first. */
export function useAlerts(vehicle: string, filter: AlertFilter = {}) {
  return useInfiniteQuery(alertsQuery(vehicle, filter));
}

/** Return the alerts of all vehicles of the last year, the newest first. */
export function useAllAlerts(filter: AlertFilter = {}) {
  return useInfiniteQuery(pagesOf(ALL_ALERTS, "GET /alerts", { query: filter }));
}
