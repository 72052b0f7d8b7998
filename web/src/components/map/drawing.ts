// A track as a drawing of a given size, without a map. Pure.

import { boundsOf, type Line, project } from "./geometry";
import { type Point, thinned } from "./thin";

/** Lines as an SVG draws them. */
export interface Drawing {
  /** The `d` of a path. */
  path: string;
  start: Point;
  end: Point;
}

export interface Size {
  width: number;
  height: number;
  /** What stays free at each side. */
  margin: number;
}

/** Points of a drawing that lie nearer to the line than this are left out. */
const TOLERANCE = 0.6;

/** The least side of what is drawn, as a part of the world: about 100 m at the equator. */
const LEAST_SPAN = 2.5e-6;

/** Return lines as a drawing that fills its size, north up; null without a point. */
export function drawingOf(lines: readonly Line[], size: Size): Drawing | null {
  const whole = lines.filter((line) => line.length > 0);
  const bounds = boundsOf(whole.flat());
  const [west, south, east, north] = bounds ?? [0, 0, 0, 0];
  if (bounds === null) return null;
  const place = placer([west, north], [east, south], size);
  const drawn = whole.map((line) =>
    thinned(
      line.map((each) => place(shifted(each, west))),
      TOLERANCE,
    ),
  );
  const [start, end] = [drawn[0]?.[0], drawn[drawn.length - 1]?.at(-1)];
  if (start === undefined || end === undefined) return null;
  return { path: drawn.map(pathOf).join(""), start, end };
}

/** Return a position on the same turn of the world as the bounds. */
function shifted([longitude, latitude]: readonly [number, number], west: number) {
  const turns = Math.floor((longitude - west + 1e-9) / 360);
  return [longitude - 360 * turns, latitude] as const;
}

/** Return what places a position in a drawing between two corners. */
function placer(
  topLeft: readonly [number, number],
  bottomRight: readonly [number, number],
  { width, height, margin }: Size,
) {
  const [left, top] = project(topLeft);
  const [right, bottom] = project(bottomRight);
  const scale = Math.min(
    (width - 2 * margin) / Math.max(right - left, LEAST_SPAN),
    (height - 2 * margin) / Math.max(bottom - top, LEAST_SPAN),
  );
  const [x0, y0] = [(left + right) / 2, (top + bottom) / 2];
  return (position: readonly [number, number]): Point => {
    const [x, y] = project(position);
    return [width / 2 + (x - x0) * scale, height / 2 + (y - y0) * scale];
  };
}

function pathOf(line: readonly Point[]): string {
  const points = line.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return points.length === 0 ? "" : `M${points.join("L")}`;
}
