import type { Position } from "../../components/map/geometry";

/** Degrees are written to about a metre. */
const DIGITS = 5;

/** Return the address of the dialog that makes a place somewhere. */
export function placeAddress(vehicle: string, [longitude, latitude]: Position): string {
  const east = ((((longitude + 180) % 360) + 360) % 360) - 180;
  const where = new URLSearchParams({
    latitude: latitude.toFixed(DIGITS),
    longitude: east.toFixed(DIGITS),
  });
  return `/cars/${encodeURIComponent(vehicle)}/journeys/places/add?${where}`;
}
