// The owner's own places, in which journeys begin and end, with their tariffs.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useChange } from "./queries";

export type {
  NewPlace,
  PlaceAnswer,
  PlaceSuggestion,
  TariffAnswer,
  TariffBody,
} from "./api-types";

const KEY = ["places"];

/** What changes with a place: journeys follow, of all vehicles. */
const stale = () => [KEY, ["vehicle"]];

export const placesQuery = queryOf(KEY, "GET /places", {});

/** Return the owner's places, by name. */
export function usePlaces() {
  return useQuery(placesQuery);
}

/** Return where the owner's cars often parked and no place is. */
export function usePlaceSuggestions() {
  return useQuery(queryOf([...KEY, "suggestions"], "GET /places/suggestions", {}));
}

export function useAddPlace() {
  return useChange("POST /places", stale);
}

export function useChangePlace() {
  return useChange("PATCH /places/{place_id}", stale);
}

export function useRemovePlace() {
  return useChange("DELETE /places/{place_id}", stale);
}

/** Return what says what charging costs at a place from a day on (`always` since ever). */
export function useSetTariff() {
  return useChange("PUT /places/{place_id}/tariffs/{valid_from}", stale);
}

export function useRemoveTariff() {
  return useChange("DELETE /places/{place_id}/tariffs/{valid_from}", stale);
}
