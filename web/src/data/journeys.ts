// What a vehicle did: trips, charges and parked time; corrections; tables and logs.

import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { addressOf, file } from "./api";
import type { CallName, QueryOf } from "./calls";
import { pagesOf, queryOf, useChange, useVehicleChange, vehicleKey } from "./queries";

export type { JourneyAnswer, JourneyChanges } from "./api-types";

const LIST = "GET /vehicles/{vehicle_id}/journeys";

/** Which journeys: kinds, a span, a place, the order. */
export type JourneyFilter = Omit<QueryOf<typeof LIST>, "after">;

/** The most journeys that one page of the list can have: the server's own bound. */
export const PAGE_LIMIT = 200;

/** What changes with a journey: sums and costs of charges do, too. */
const STALE = ["journeys", "journey-edits", "sums", "battery"];

export function journeysQuery(vehicle: string, filter: JourneyFilter = {}) {
  return pagesOf(vehicleKey(vehicle, "journeys"), LIST, {
    path: { vehicle_id: vehicle },
    query: filter,
  });
}

/** Return a vehicle's journeys, the newest first, a page at a time. */
export function useJourneys(vehicle: string, filter: JourneyFilter = {}) {
  return useInfiniteQuery(journeysQuery(vehicle, filter));
}

export function journeyQuery(vehicle: string, journey: number) {
  return queryOf(
    vehicleKey(vehicle, "journeys", journey),
    "GET /vehicles/{vehicle_id}/journeys/{journey_id}",
    { path: { vehicle_id: vehicle, journey_id: journey } },
  );
}

/**
 * Return a journey with the track of a trip or the curve of a charge. One that ends by what its
 * page does is not asked for any more.
 */
export function useJourney(vehicle: string, journey: number, isEnding: boolean) {
  return useQuery({ ...journeyQuery(vehicle, journey), enabled: !isEnding });
}

/** Return what corrects a journey: note, purpose, energy, cost; null is as reported again. */
export function useChangeJourney(vehicle: string) {
  return useVehicleChange(vehicle, "PATCH /vehicles/{vehicle_id}/journeys/{journey_id}", ...STALE);
}

/** Return a change by which journeys become others: lists and cards of before name those. */
function useRemade<Name extends CallName>(vehicle: string, name: Name) {
  const stale = STALE.map((area) => vehicleKey(vehicle, area));
  return useChange(name, () => stale, [vehicleKey(vehicle, "journeys")]);
}

/** Return what makes one journey of several that follow each other. */
export function useMergeJourneys(vehicle: string) {
  return useRemade(vehicle, "POST /vehicles/{vehicle_id}/journeys/merge");
}

/** Return what makes two journeys of one. */
export function useSplitJourney(vehicle: string) {
  return useRemade(vehicle, "POST /vehicles/{vehicle_id}/journeys/{journey_id}/split");
}

/** Return what was corrected, the newest first. */
export function useJourneyEdits(vehicle: string, journey?: number) {
  return useInfiniteQuery(
    pagesOf(vehicleKey(vehicle, "journey-edits"), "GET /vehicles/{vehicle_id}/journey-edits", {
      path: { vehicle_id: vehicle },
      query: { journey },
    }),
  );
}

/** Return what takes a correction back. */
export function useUndoEdit(vehicle: string) {
  return useRemade(vehicle, "DELETE /vehicles/{vehicle_id}/journey-edits/{edit_id}");
}

/** Return what a vehicle's owner is told of what it did. */
export function useJourneyAlerts(vehicle: string) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "journey-alerts"), "GET /vehicles/{vehicle_id}/journey-alerts", {
      path: { vehicle_id: vehicle },
    }),
  );
}

/** Return what changes that; null is as if nobody had set it. */
export function useChangeJourneyAlerts(vehicle: string) {
  return useVehicleChange(vehicle, "PATCH /vehicles/{vehicle_id}/journey-alerts", "journey-alerts");
}

/** Return the address of all journeys of a kind as CSV. */
export function journeysCsv(
  vehicle: string,
  query: QueryOf<"GET /vehicles/{vehicle_id}/journeys.csv">,
): string {
  return addressOf(`/vehicles/${encodeURIComponent(vehicle)}/journeys.csv`, query);
}

/** Return the address of a trip's track as GPX. */
export function tripGpx(vehicle: string, journey: number): string {
  return addressOf(`/vehicles/${encodeURIComponent(vehicle)}/journeys/${journey}/track.gpx`);
}

/** Return what has the server make the log of trips as PDF; a server may lack what makes it. */
export function useTripLog(vehicle: string) {
  return useMutation({
    mutationFn: (query: QueryOf<"GET /vehicles/{vehicle_id}/trip-log.pdf">) =>
      file(`/vehicles/${encodeURIComponent(vehicle)}/trip-log.pdf`, query),
  });
}
