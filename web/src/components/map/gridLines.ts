// Meridians and parallels for what a map shows. Pure.

import type { Feature } from "geojson";
import { type Bounds, MAX_LATITUDE } from "./geometry";

/** What a map shows. */
export interface GridBox {
  bounds: Bounds;
  zoom: number;
}

/** Degrees between two lines, each of which people count in. */
const STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];

/** How many degrees apart lines are at least at zoom 0; that is about 90 pixels. */
const APART = 64;

/** Return the degrees between two lines at a zoom. */
export function stepOf(zoom: number): number {
  const wanted = APART / 2 ** zoom;
  return STEPS.findLast((step) => step >= wanted) ?? 30;
}

/** Return the lines for what a map shows, and half as much around it. */
export function gridOf(box: GridBox): Feature {
  const step = stepOf(box.zoom);
  const [left, bottom, right, top] = reachOf(box);
  const meridians = multiples(step, left, right).map((each) => [[each, bottom], [each, top]]); // biome-ignore format: a line
  const parallels = multiples(step, bottom, top).map((each) => [[left, each], [right, each]]); // biome-ignore format: a line
  const coordinates = [...meridians, ...parallels];
  return {
    type: "Feature",
    properties: { step },
    geometry: { type: "MultiLineString", coordinates },
  };
}

/** Return whether the lines for a box are those that another one needs, too. */
export function covers(drawn: GridBox, shown: GridBox): boolean {
  const [left, bottom, right, top] = reachOf(drawn);
  const [west, south, east, north] = shown.bounds;
  const isInside =
    west >= left &&
    east <= right &&
    Math.max(south, -MAX_LATITUDE) >= bottom &&
    Math.min(north, MAX_LATITUDE) <= top;
  return isInside && stepOf(drawn.zoom) === stepOf(shown.zoom);
}

/** Return how far the lines for a box reach. */
function reachOf({ bounds: [west, south, east, north] }: GridBox): Bounds {
  const [wide, high] = [(east - west) / 2, (north - south) / 2];
  return [
    west - wide,
    Math.max(-MAX_LATITUDE, south - high),
    east + wide,
    Math.min(MAX_LATITUDE, north + high),
  ];
}

function multiples(step: number, from: number, to: number): number[] {
  const first = Math.ceil(from / step);
  const count = Math.max(0, Math.floor(to / step) - first + 1);
  return Array.from({ length: count }, (_, index) => (first + index) * step);
}
