// A trip's track as columns for a chart.

import type { TripPointAnswer } from "../../../data/api-types";

export interface TripSeries {
  /** Seconds. */
  times: number[];
  speed: (number | null)[];
  soc: (number | null)[];
  altitude: (number | null)[];
  /** kW out of the battery, a mean since an earlier point: of the energies, so it is estimated. */
  power: (number | null)[];
}

/** Seconds that a mean power takes at least: energies are told in steps. */
const POWER_SPAN = 20;

/** Return the columns of a track. */
export function seriesOf(track: readonly TripPointAnswer[]): TripSeries {
  const times = track.map(({ time }) => Date.parse(time) / 1000);
  return {
    times,
    speed: track.map(({ speed }) => speed),
    soc: track.map(({ soc }) => soc),
    altitude: track.map(({ altitude }) => altitude),
    power: powerOf(track, times),
  };
}

function powerOf(track: readonly TripPointAnswer[], times: readonly number[]): (number | null)[] {
  let from = 0;
  return track.map((point, index) => {
    const now = times[index] ?? 0;
    while (from + 1 < index && now - (times[from + 1] ?? now) >= POWER_SPAN) from += 1;
    const seconds = now - (times[from] ?? now);
    const [before, after] = [spent(track[from]), spent(point)];
    if (seconds < POWER_SPAN || before === null || after === null) return null;
    return ((after - before) * 3600) / seconds;
  });
}

function spent(point: TripPointAnswer | undefined): number | null {
  if (point === undefined || point.energy_used === null) return null;
  return point.energy_used - (point.energy_recovered ?? 0);
}

/** Return whether anything is known of a column. */
export function isKnown(values: readonly (number | null)[]): boolean {
  return values.some((value) => value !== null);
}
