// The way of a car since the page was opened, from its reports. Pure.

import { distance, type Position } from "./geometry";

/** Positions that are kept; then every other of the older half goes. */
export const TAIL_LIMIT = 2000;

/** Metres below which a report is noise of the receiver. */
const NOISE = 4;

/** Return a tail with another report at its end. */
export function withReport(tail: readonly Position[], position: Position): readonly Position[] {
  const last = tail[tail.length - 1];
  if (last !== undefined && distance(last, position) < NOISE) return tail;
  const longer = [...tail, position];
  if (longer.length <= TAIL_LIMIT) return longer;
  const half = TAIL_LIMIT / 2;
  return longer.filter((_, index) => index >= half || index % 2 === 0);
}
