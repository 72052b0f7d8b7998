import { Link } from "react-router";
import type { Position } from "./geometry";
import classes from "./MapLabel.module.css";
import { MapMarker } from "./MapMarker";

interface Props {
  position: Position;
  text: string;
  /** Where it leads. */
  to?: string;
}

/** A name under a place of the map, on a ground of its own. */
export function MapLabel({ position, text, to }: Props) {
  return (
    <MapMarker position={position} anchor="top">
      {to === undefined ? (
        <span className={classes.label}>{text}</span>
      ) : (
        <Link className={classes.label} to={to}>
          {text}
        </Link>
      )}
    </MapMarker>
  );
}
