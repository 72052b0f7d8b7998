// What a charge does now, and when it ends.

import type { Groups } from "../../data/live/types";

export type ChargeWords =
  | { kind: "charging"; power: number | null; energy: number | null; end: ChargeEnd | null }
  | { kind: "timed"; start: number | null }
  | { kind: "done" | "stopped" | "plugged" | "unplugged" | "unknown" };

export interface ChargeEnd {
  /** Percent, where it ends at a limit of the charge; null is another limit. */
  soc: number | null;
  kind: "soc" | "limit" | "full";
  /** In milliseconds. */
  at: number;
}

const DAY = 86_400_000;

/** Return what the charge does, as the car last said it. */
export function chargeOf(groups: Groups, now: number): ChargeWords {
  const { charge, doors } = groups;
  if (charge === null) return { kind: "unknown" };
  if (charge.is_charging === true) {
    const { power, energy } = charge;
    return { kind: "charging", power, energy, end: endOf(charge) };
  }
  const isPlugged = doors?.is_plugged_in ?? null;
  if (isPlugged === true && charge.is_timed === true) {
    return { kind: "timed", start: timerStart(charge.timer_start, now) };
  }
  if (charge.state === "done" && isPlugged !== false) return { kind: "done" };
  if (charge.state === "stopped" && isPlugged !== false) return { kind: "stopped" };
  if (isPlugged === null) return { kind: "unknown" };
  return { kind: isPlugged ? "plugged" : "unplugged" };
}

/** Return when the charge ends, the nearest end first; null if the car does not say. */
export function endOf(charge: NonNullable<Groups["charge"]>): ChargeEnd | null {
  const { soc_limit, time_to_soc_limit, time_to_limit, time_to_full } = charge;
  const at = (seconds: number | null) =>
    seconds === null || seconds <= 0 ? null : Date.parse(charge.time) + seconds * 1000;
  const ends: { kind: ChargeEnd["kind"]; soc: number | null; at: number | null }[] = [
    { kind: "soc", soc: soc_limit, at: soc_limit ? at(time_to_soc_limit) : null },
    { kind: "limit", soc: null, at: at(time_to_limit) },
    { kind: "full", soc: null, at: at(time_to_full) },
  ];
  const known = ends.filter((end): end is ChargeEnd => end.at !== null);
  return known.reduce<ChargeEnd | null>(
    (first, each) => (first === null || each.at < first.at ? each : first),
    null,
  );
}

/** Return the next time that the timer starts it, from seconds after midnight UTC. */
function timerStart(seconds: number | null, now: number): number | null {
  if (seconds === null) return null;
  const start = Math.floor(now / DAY) * DAY + seconds * 1000;
  return start < now ? start + DAY : start;
}
