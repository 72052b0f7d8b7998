// Geometry of tracks on the ground and on a map (Mercator). Pure.

/** Longitude and latitude in degrees, east and north positive. */
export type Position = readonly [longitude: number, latitude: number];

/** A line without a gap. */
export type Line = readonly Position[];

/** West, south, east, north in degrees. East is over 180 if the box reaches over that meridian. */
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** What a point of a track says of its place; null is not known. */
export interface Placed {
  latitude: number | null;
  longitude: number | null;
}

/** How far a map of Mercator reaches to the north and south. */
export const MAX_LATITUDE = 85.051129;

const EARTH_RADIUS = 6_371_008; // metres
const RADIANS = Math.PI / 180;

/** Return the place of a point, null if it has none. */
export function positionOf({ latitude, longitude }: Placed): Position | null {
  return latitude === null || longitude === null ? null : [longitude, latitude];
}

/** Return the lines through points; one that has no place is a gap. */
export function linesOf(points: readonly Placed[]): Line[] {
  const lines: Position[][] = [[]];
  for (const point of points) {
    const position = positionOf(point);
    if (position === null) lines.push([]);
    else lines[lines.length - 1]?.push(position);
  }
  return lines.filter((line) => line.length > 0);
}

/** Return the longitude of the same meridian that lies nearest to another one. */
export function nearLongitude(longitude: number, other: number): number {
  return longitude + 360 * Math.round((other - longitude) / 360);
}

/** Return lines whose longitudes do not leap at 180°: they may go past it instead. */
export function unwrapped(lines: readonly Line[]): Line[] {
  let before = lines[0]?.[0]?.[0] ?? 0;
  return lines.map((line) =>
    line.map(([longitude, latitude]): Position => {
      before = nearLongitude(longitude, before);
      return [before, latitude];
    }),
  );
}

/** Return the smallest box around positions, over 180° if that is the shorter way; null of none. */
export function boundsOf(positions: readonly Position[]): Bounds | null {
  if (positions.length === 0) return null;
  const latitudes = positions.map(([, latitude]) => latitude);
  const [west, east] = span(positions.map(([longitude]) => longitude));
  return [west, least(latitudes), east, greatest(latitudes)];
}

/** Return the shortest arc that holds all longitudes: what remains without the widest gap. */
function span(longitudes: readonly number[]): [number, number] {
  const sorted = longitudes.map((each) => nearLongitude(each, 0)).sort((one, other) => one - other);
  const first = sorted[0] ?? 0;
  let [west, east] = [first, sorted[sorted.length - 1] ?? first];
  let widest = first + 360 - east;
  for (let index = 1; index < sorted.length; index += 1) {
    const [before = first, next = first] = [sorted[index - 1], sorted[index]];
    if (next - before > widest) {
      widest = next - before;
      [west, east] = [next, before + 360];
    }
  }
  return [west, east];
}

function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other));
}

function greatest(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other));
}

/** Return the metres between two positions. */
export function distance(from: Position, to: Position): number {
  const [longitude, latitude] = [(to[0] - from[0]) * RADIANS, (to[1] - from[1]) * RADIANS];
  const chord =
    Math.sin(latitude / 2) ** 2 +
    Math.cos(from[1] * RADIANS) * Math.cos(to[1] * RADIANS) * Math.sin(longitude / 2) ** 2;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** Return the position a fraction of the way from one to another, over 180° if that is shorter. */
export function between(from: Position, to: Position, fraction: number): Position {
  const east = nearLongitude(to[0], from[0]);
  return [from[0] + (east - from[0]) * fraction, from[1] + (to[1] - from[1]) * fraction];
}

/** Return the direction a fraction of the way from one to another, by the smaller turn. */
export function turnBetween(from: number, to: number, fraction: number): number {
  return (from + (nearLongitude(to, from) - from) * fraction + 360) % 360;
}

/** Return where a position lies on a map of the whole world that is one wide, from its top left. */
export function project([longitude, latitude]: Position): [x: number, y: number] {
  const limited = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude)) * RADIANS;
  const y = Math.log(Math.tan(Math.PI / 4 + limited / 2)) / (2 * Math.PI);
  return [longitude / 360 + 0.5, 0.5 - y];
}

/** Return the ring of a circle of so many metres around a position. */
export function ringOf([longitude, latitude]: Position, radius: number, corners = 64): Position[] {
  const north = radius / EARTH_RADIUS / RADIANS;
  const east = north / Math.max(0.01, Math.cos(latitude * RADIANS));
  return Array.from({ length: corners + 1 }, (_, index): Position => {
    const angle = (2 * Math.PI * (index % corners)) / corners;
    return [longitude + east * Math.sin(angle), latitude + north * Math.cos(angle)];
  });
}

/** Return the position so many metres to the south. */
export function southOf([longitude, latitude]: Position, metres: number): Position {
  return [longitude, latitude - metres / EARTH_RADIUS / RADIANS];
}
