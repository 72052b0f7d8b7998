// The alerts of a vehicle that the server keeps; live ones come with the live state.

import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import type { AlertAnswer } from "./api-types";
import type { QueryOf } from "./calls";
import { pagesOf, queryOf, vehicleKey } from "./queries";

const LIST = "GET /vehicles/{vehicle_id}/alerts";

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

/** An alert, and whose. */
export interface VehicleAlert extends AlertAnswer {
  vehicle_id: string;
}

/** Return the newest alerts of several vehicles in one list, so many of each. */
export function useAlertsOf(vehicles: readonly string[], filter: AlertFilter) {
  return useQueries({
    queries: vehicles.map((vehicle) =>
      queryOf(vehicleKey(vehicle, "alerts"), LIST, {
        path: { vehicle_id: vehicle },
        query: filter,
      }),
    ),
    combine: (answers) => ({
      items: merged(vehicles, answers),
      isPending: answers.some(({ isPending }) => isPending),
      error: answers.find(({ error }) => error !== null)?.error ?? null,
      refetch: () => Promise.all(answers.map(({ refetch }) => refetch())),
    }),
  });
}

interface Told {
  data: { items: AlertAnswer[] } | undefined;
}

/** Return the alerts of vehicles in one list, the newest first. */
export function merged(vehicles: readonly string[], answers: readonly Told[]): VehicleAlert[] {
  const all = answers.flatMap(({ data }, index) =>
    (data?.items ?? []).map((each) => ({ ...each, vehicle_id: vehicles[index] ?? "" })),
  );
  return all.sort((one, other) => Date.parse(other.time) - Date.parse(one.time));
}
