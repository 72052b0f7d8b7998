// What may be drawn of values that come only when they change: where a car told something, where
// its last word is carried on, and where nobody knows.

export type Values = readonly (number | null)[];

export interface Segments {
  /** As told, with a line between neighbours. */
  told: (number | null)[];
  /** Carried on since the car told nothing new; null wherever `told` has a line. */
  held: (number | null)[];
}

/** Seconds without news after which a line ends: a car that nobody watches reports every ten minutes. */
export const NEWS_TIMEOUT = 20 * 60;

interface Options {
  /** It changes by itself, as a speed: the last word says nothing of later, unless it was 0. */
  isFleeting: boolean;
  /** When each value was told, or when its bucket began, in seconds. */
  times: readonly number[];
}

/** Return which parts of a line are told and which are carried on. */
export function segmentsOf(values: Values, { isFleeting, times }: Options): Segments {
  const told: (number | null)[] = new Array(values.length).fill(null);
  const held: (number | null)[] = new Array(values.length).fill(null);
  let last = -1;
  values.forEach((value, index) => {
    if (value === null) return;
    told[index] = value;
    const before = values[last] ?? null;
    if (last >= 0 && before !== null && index - last > 1) {
      const quiet = (times[index] ?? 0) - (times[last] ?? 0);
      if (quiet <= NEWS_TIMEOUT) fill(told, last + 1, index, before);
      else if (!isFleeting || before === 0) fill(held, last, index + 1, before);
    }
    last = index;
  });
  return { told, held };
}

function fill(values: (number | null)[], from: number, to: number, value: number): void {
  for (let index = from; index < to; index += 1) values[index] = value;
}

/** Fields that say nothing of later. */
const FLEETING = /speed|power|current|throttle|rpm|efficiency|acceleration|consumption|signal/;

/** Return whether a field changes by itself while nothing is told. */
export function isFleeting(field: string): boolean {
  return FLEETING.test(field);
}
