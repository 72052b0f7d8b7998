import { useMemo } from "react";
import { drawingOf } from "./drawing";
import type { Line } from "./geometry";
import classes from "./MiniMap.module.css";

interface Props {
  /** Where it went; empty while that is not known. */
  lines: readonly Line[];
  /** What a screen reader says; empty if the text beside it says the same. */
  label: string;
  /** The drawing's own pixels; it fills whatever box it is in. */
  width?: number;
  height?: number;
}

const MARGIN = 12;

/** A track without a map, cheap enough for each card of a list. North is up. */
export function MiniMap({ lines, label, width = 160, height = 96 }: Props) {
  const drawing = useMemo(
    () => drawingOf(lines, { width, height, margin: MARGIN }),
    [lines, width, height],
  );
  return (
    <svg
      className={classes.box}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
      aria-hidden={label === ""}
    >
      {drawing !== null && (
        <>
          <path className={classes.line} d={drawing.path} />
          <circle className={classes.start} cx={drawing.start[0]} cy={drawing.start[1]} r={4} />
          <circle className={classes.end} cx={drawing.end[0]} cy={drawing.end[1]} r={5} />
        </>
      )}
    </svg>
  );
}
