import type { MapMouseEvent } from "maplibre-gl";
import { useEffect, useEffectEvent, useMemo } from "react";
import { boundsOf, linesOf, type Placed, positionOf } from "./geometry";
import { MapButtons } from "./MapButtons";
import { MapCanvas } from "./MapCanvas";
import { useMap } from "./MapContext";
import { MapMarker } from "./MapMarker";
import { TrackLines } from "./MapShapes";
import { MiniMap } from "./MiniMap";
import { nearestOnScreen } from "./nearest";
import { PlainGround } from "./PlainGround";
import { SaveMap } from "./SaveMap";
import type { TrackMapProps } from "./TrackMap";
import classes from "./TrackMap.module.css";

type Props = Omit<TrackMapProps, "height">;

/** The part of {@link TrackMap} that is loaded with the map. */
export default function TrackMapCanvas({ points, marked, onMark, label, fileName }: Props) {
  const lines = useMemo(() => linesOf(points), [points]);
  const bounds = useMemo(() => boundsOf(lines.flat()), [lines]);
  const [start, end] = [lines[0]?.[0], lines.at(-1)?.at(-1)];
  const mark = marked === null ? null : positionOf(points[marked] ?? NOWHERE);
  return (
    <MapCanvas
      label={label}
      bounds={bounds}
      isInPage
      fallback={<MiniMap lines={lines} label={label} width={640} height={320} />}
    >
      <PlainGround />
      <TrackLines id="track" lines={lines} />
      <Hover points={points} onMark={onMark} />
      {start && (
        <MapMarker position={start}>
          {<div className={`${classes.end} ${classes.start}`} />}
        </MapMarker>
      )}
      {end && <MapMarker position={end}>{<div className={classes.end} />}</MapMarker>}
      {mark && <MapMarker position={mark}>{<div className={classes.mark} />}</MapMarker>}
      <MapButtons whole={bounds && (() => bounds)}>
        <SaveMap start={start ?? null} end={end ?? null} fileName={fileName} />
      </MapButtons>
    </MapCanvas>
  );
}

const NOWHERE: Placed = { latitude: null, longitude: null };

/** Tells which point of the track the pointer is at. */
function Hover({ points, onMark }: Pick<Props, "points" | "onMark">) {
  const { map } = useMap();
  const look = useEffectEvent(({ point }: MapMouseEvent) => {
    onMark(nearestOnScreen(points, point, (each) => map.project([...each])));
  });
  const leave = useEffectEvent(() => onMark(null));
  useEffect(() => {
    const [over, out] = [(event: MapMouseEvent) => look(event), () => leave()];
    map.on("mousemove", over);
    map.on("click", over);
    map.on("mouseout", out);
    return () => {
      map.off("mousemove", over);
      map.off("click", over);
      map.off("mouseout", out);
    };
  }, [map]);
  return null;
}
