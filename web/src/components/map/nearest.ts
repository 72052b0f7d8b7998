// Which point of a track the pointer is at. Pure.

import { type Placed, type Position, positionOf } from "./geometry";

/** A place on the screen, in pixels. */
export interface ScreenPoint {
  x: number;
  y: number;
}

/** How far the pointer may be from a point, in pixels. */
const REACH = 40;

/** Return the index of the point that is seen nearest to the pointer, null if none is near. */
export function nearestOnScreen(
  points: readonly Placed[],
  pointer: ScreenPoint,
  project: (position: Position) => ScreenPoint,
): number | null {
  let [nearest, least]: [number | null, number] = [null, REACH];
  points.forEach((point, index) => {
    const position = positionOf(point);
    if (position === null) return;
    const { x, y } = project(position);
    const off = Math.hypot(x - pointer.x, y - pointer.y);
    if (off < least) [nearest, least] = [index, off];
  });
  return nearest;
}
