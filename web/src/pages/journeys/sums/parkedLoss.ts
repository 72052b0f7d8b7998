// What a car loses while it stands.

import type { JourneyAnswer } from "../../../data/journeys";

export interface Loss {
  /** Percent a day, over the time in which it was neither charged nor preheated. */
  soc_a_day: number | null;
  /** km a day. */
  range_a_day: number | null;
  /** Seconds of that time. */
  idle_time: number;
  /** How many times parked it is of. */
  count: number;
}

/** A stay that is shorter says nothing: the state of charge is told in whole percents. */
const LEAST_IDLE = 6 * 3600;

/** Return the loss a day over all stays that are long enough. */
export function lossOf(journeys: readonly Pick<JourneyAnswer, "parked">[]): Loss {
  const stays = journeys.flatMap(({ parked }) =>
    parked !== null && (parked.idle_time ?? 0) >= LEAST_IDLE ? [parked] : [],
  );
  const idle_time = stays.reduce((sum, { idle_time: time }) => sum + (time ?? 0), 0);
  return {
    soc_a_day: aDay(stays, "soc_lost"),
    range_a_day: aDay(stays, "range_lost"),
    idle_time,
    count: stays.length,
  };
}

type Stay = NonNullable<JourneyAnswer["parked"]>;

function aDay(stays: readonly Stay[], field: "soc_lost" | "range_lost"): number | null {
  const known = stays.filter((stay) => stay[field] !== null);
  const time = known.reduce((sum, { idle_time }) => sum + (idle_time ?? 0), 0);
  if (time === 0) return null;
  return (known.reduce((sum, stay) => sum + (stay[field] ?? 0), 0) * 86_400) / time;
}
