// A span of time on a chart, in seconds, and how it is moved and zoomed.

export interface Span {
  since: number;
  until: number;
}

/** The least that a chart shows: two minutes. */
export const LEAST = 120;

/** The most: two years. */
export const MOST = 2 * 366 * 86_400;

/** Return the span with `factor` of its length, so that `centre` (0 to 1) stays where it is. */
export function zoomed({ since, until }: Span, factor: number, centre = 0.5): Span {
  const length = until - since;
  const wanted = Math.min(Math.max(length * factor, LEAST), MOST);
  const start = since + centre * (length - wanted);
  return { since: Math.round(start), until: Math.round(start + wanted) };
}

/** Return the span moved by a part of its length. */
export function moved({ since, until }: Span, part: number): Span {
  const by = Math.round((until - since) * part);
  return { since: since + by, until: until + by };
}

/** Return the span in which what two fingers held stays under them; places are 0 to 1. */
export function pinched(
  span: Span,
  before: readonly [number, number],
  after: readonly [number, number],
): Span {
  const [left, right] = sorted(before);
  const [newLeft, newRight] = sorted(after);
  const length = span.until - span.since;
  const grip = Math.max(right - left, 0.02) * length;
  const wanted = Math.min(Math.max(grip / Math.max(newRight - newLeft, 0.02), LEAST), MOST);
  const since = span.since + left * length - newLeft * wanted;
  return { since: Math.round(since), until: Math.round(since + wanted) };
}

function sorted([one, other]: readonly [number, number]): [number, number] {
  return one <= other ? [one, other] : [other, one];
}

/** Return the index of the time nearest to one; null if there is none. Times rise. */
export function nearest(times: readonly number[], time: number): number | null {
  if (times.length === 0) return null;
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  const before = times[low - 1];
  const here = times[low] ?? 0;
  return before !== undefined && time - before < here - time ? low - 1 : low;
}
