import { usePlaces } from "../../data/places";
import { distance, type Position } from "./geometry";

/** Return the name of the smallest place that a position is in; null if it is in none. */
export function usePlaceAt(position: Position): string | null {
  const { data: places = [] } = usePlaces();
  const around = places
    .filter(
      ({ longitude, latitude, radius }) => distance([longitude, latitude], position) <= radius,
    )
    .sort((one, other) => one.radius - other.radius);
  return around[0]?.name ?? null;
}
