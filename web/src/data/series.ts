// Fields of the telemetry log over time, thinned by the server, for charts.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { queryOf, vehicleKey } from "./queries";

export type { SeriesAnswer } from "./api-types";

const SERIES = "GET /vehicles/{vehicle_id}/series";

/** A span and how many points at most; without a span it is the last day. */
export type SeriesSpan = Omit<QueryOf<typeof SERIES>, "fields">;

export function seriesQuery(vehicle: string, fields: readonly string[], span: SeriesSpan = {}) {
  return queryOf(vehicleKey(vehicle, "series"), SERIES, {
    path: { vehicle_id: vehicle },
    query: { ...span, fields: fields.join(",") },
  });
}

/** Return fields over time; while another span is fetched the last one stays. */
export function useSeries(vehicle: string, fields: readonly string[], span: SeriesSpan = {}) {
  return useQuery({
    ...seriesQuery(vehicle, fields, span),
    enabled: fields.length > 0,
    placeholderData: keepPreviousData,
  });
}

/** Return which fields there are, with their units. */
export function useSeriesFields(vehicle: string) {
  return useQuery({
    ...queryOf(vehicleKey(vehicle, "series-fields"), `${SERIES}/fields`, {
      path: { vehicle_id: vehicle },
    }),
    staleTime: 3_600_000,
  });
}
