import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { Placed } from "./geometry";
import classes from "./TrackMap.module.css";

export interface TrackMapProps {
  /** Where it went; a point without a place is a gap. */
  points: readonly Placed[];
  /** Which point is marked, as the graph beside it says; null is none. */
  marked: number | null;
  /** The pointer is at another point of the track, or at none. */
  onMark: (point: number | null) => void;
  /** What a screen reader says. */
  label: string;
  /** Of the picture that it is saved as, without its ending. */
  fileName: string;
  height?: number;
}

const Canvas = lazy(() => import("./TrackMapCanvas"));

/** A track on a map, with one of its points marked. The map is loaded when it is shown first. */
export function TrackMap({ height = 320, ...props }: TrackMapProps) {
  return (
    <div className={classes.box} style={{ height }}>
      <Suspense fallback={<Skeleton height={height} />}>
        <Canvas {...props} />
      </Suspense>
    </div>
  );
}
