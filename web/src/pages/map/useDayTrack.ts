import { useMemo, useState } from "react";
import type { Line, Position } from "../../components/map/geometry";
import { serverTime } from "../../data/clock";
import type { TrackAnswer } from "../../data/track";
import { useTrack } from "../../data/track";

const DAY = 86_400_000;

/** Metres that a left-out point may lie from the line: less than a lane. */
const TOLERANCE = 3;

/** Return where a car drove in the last day before the page was opened. */
export function useDayTrack(vehicle: string, isSeen: boolean): readonly Line[] {
  const [since] = useState(() => new Date(serverTime() - DAY).toISOString());
  const { data } = useTrack(vehicle, { since, tolerance: TOLERANCE }, isSeen);
  return useMemo(() => linesIn(data), [data]);
}

/** Return the lines of a track as the server tells it (GeoJSON). */
export function linesIn(track: TrackAnswer | undefined): Line[] {
  const lines = track?.geometry?.coordinates ?? [];
  return lines.map((line) =>
    line.map(([longitude = 0, latitude = 0]): Position => [longitude, latitude]),
  );
}
