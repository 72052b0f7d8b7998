// Movement between two reports of a car: from where it is seen to where it says it is. Pure.

import { between, distance, type Position, project, turnBetween } from "./geometry";

/** Where something is, and where it looks to (0 is north, 90 east); null is not known. */
export interface Placement {
  position: Position;
  direction: number | null;
}

export interface Glide {
  from: Placement;
  to: Placement;
  /** In milliseconds, as the length. */
  began: number;
  length: number;
}

/** A car that is farther from where it was seen is not drawn on its way: nobody knows it. */
const LEAP = 2000; // metres
const LONGEST = 5000; // milliseconds

/** Return something that stands. */
export function standing(to: Placement, now: number): Glide {
  return { from: to, to, began: now, length: 0 };
}

/** Return the way to where something is now said to be; it takes as long as the last report did. */
export function glideOn(before: Glide, to: Placement, now: number): Glide {
  const from = placementAt(before, now);
  if (distance(from.position, to.position) > LEAP) return standing(to, now);
  return { from, to, began: now, length: Math.min(LONGEST, now - before.began) };
}

/** Return where something is seen. */
export function placementAt({ from, to, began, length }: Glide, now: number): Placement {
  const fraction = length <= 0 ? 1 : Math.max(0, Math.min(1, (now - began) / length));
  if (fraction === 1) return to;
  return {
    position: between(from.position, to.position, fraction),
    direction:
      from.direction === null || to.direction === null
        ? to.direction
        : turnBetween(from.direction, to.direction, Math.min(1, fraction * 3)),
  };
}

/** What moved by less on the screen need not be drawn again. */
const LEAST_MOVE = 0.5; // pixels
const LEAST_TURN = 1; // degrees

/** The width of the world on a map at zoom 0. */
const WORLD_WIDTH = 512; // pixels

/** Return how many pixels two positions are apart on a map of this zoom. */
export function pixelsApart(one: Position, other: Position, zoom: number): number {
  const [x, y] = project(one);
  const [otherX, otherY] = project(other);
  return Math.hypot(otherX - x, otherY - y) * WORLD_WIDTH * 2 ** zoom;
}

/** Return whether somebody who looks at a map of this zoom sees two placements as one. */
export function looksSame(one: Placement, other: Placement, zoom: number): boolean {
  if (pixelsApart(one.position, other.position, zoom) >= LEAST_MOVE) return false;
  if (one.direction === null || other.direction === null) return one.direction === other.direction;
  return Math.abs(((other.direction - one.direction + 540) % 360) - 180) < LEAST_TURN;
}
