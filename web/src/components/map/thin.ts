// Fewer points for the same line as far as an eye sees it. Pure.

/** A point of a drawing. */
export type Point = readonly [x: number, y: number];

/** Return the points of a line that are needed so that none of the others lies farther off. */
export function thinned(line: readonly Point[], tolerance: number): Point[] {
  const keeps = new Uint8Array(line.length);
  const spans: [number, number][] = line.length > 0 ? [[0, line.length - 1]] : [];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const [first, last] = span;
    keeps[first] = 1;
    keeps[last] = 1;
    const farthest = farthestOf(line, first, last, tolerance);
    if (farthest !== null) spans.push([first, farthest], [farthest, last]);
  }
  return line.filter((_, index) => keeps[index] === 1);
}

/** Return which point lies farthest from the line of two others, null if all lie near enough. */
function farthestOf(line: readonly Point[], first: number, last: number, tolerance: number) {
  const [from, to] = [line[first], line[last]];
  if (from === undefined || to === undefined) return null;
  let [farthest, most]: [number | null, number] = [null, tolerance];
  for (let index = first + 1; index < last; index += 1) {
    const off = offLine(line[index] ?? from, from, to);
    if (off > most) [farthest, most] = [index, off];
  }
  return farthest;
}

/** Return how far a point lies from the line between two others. */
export function offLine(point: Point, from: Point, to: Point): number {
  const [x, y] = [to[0] - from[0], to[1] - from[1]];
  const length = x * x + y * y;
  const along = length === 0 ? 0 : ((point[0] - from[0]) * x + (point[1] - from[1]) * y) / length;
  const limited = Math.max(0, Math.min(1, along));
  return Math.hypot(point[0] - from[0] - limited * x, point[1] - from[1] - limited * y);
}
