// Where a vehicle drove.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { queryOf, vehicleKey } from "./queries";

export type { TrackAnswer } from "./api-types";

const TRACK = "GET /vehicles/{vehicle_id}/track";

/** A span, and how many metres a left-out point may lie from the line. */
export type TrackSpan = QueryOf<typeof TRACK>;

/** Return where a vehicle drove in a span, as GeoJSON; not asked by whoever may not see it. */
export function useTrack(vehicle: string, span: TrackSpan = {}, enabled = true) {
  return useQuery({
    ...queryOf(vehicleKey(vehicle, "track"), TRACK, { path: { vehicle_id: vehicle }, query: span }),
    placeholderData: keepPreviousData,
    enabled,
  });
}
