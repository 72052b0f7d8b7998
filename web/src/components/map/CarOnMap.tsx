import { useEffect, useMemo, useRef, useState } from "react";
import { CarArrow } from "./CarArrow";
import { distance, type Position } from "./geometry";
import { useMap } from "./MapContext";
import { MapMarker } from "./MapMarker";
import { Circles, TrackLines } from "./MapShapes";
import { withReport } from "./tail";
import { useGlide } from "./useGlide";
import type { Known } from "./whereabouts";

interface Props {
  known: Pick<Known, "position" | "direction" | "isOld" | "accuracy">;
  name: string;
  /** Where its track ended when the page was opened. */
  begin: Position | null;
  isFollowing: boolean;
  /** The map turns, so that the car drives upwards. */
  isAhead: boolean;
  /** Somebody moved the map. */
  onDrag: () => void;
}

/** A track that ended farther away was another drive. */
const NEAR = 3000; // metres

/** The car, moving as it reports, with the way since the page was opened. */
export function CarOnMap({ known, name, begin, isFollowing, isAhead, onDrag }: Props) {
  const { map, colours } = useMap();
  const seen = useGlide(known);
  const tail = useTail(known.position);
  useFollow(seen, { isFollowing, isAhead });
  useEffect(() => {
    map.on("dragstart", onDrag);
    return () => void map.off("dragstart", onDrag);
  }, [map, onDrag]);
  const first = tail[0];
  const start = begin && first && distance(begin, first) < NEAR ? [begin] : [];
  const way = [...start, ...tail.slice(0, -1), seen.position];
  const { accuracy } = known;
  const circles = useMemo(
    () => (accuracy === null ? [] : [{ position: seen.position, radius: accuracy }]),
    [accuracy, seen.position],
  );
  return (
    <>
      <TrackLines id="tail" lines={[way]} />
      <Circles id="accuracy" circles={circles} colour={colours.accuracy} />
      <MapMarker position={seen.position} level={2}>
        <CarArrow
          turn={seen.direction === null ? null : seen.direction - map.getBearing()}
          isOld={known.isOld}
          label={name}
        />
      </MapMarker>
    </>
  );
}

/** Return where the car has been since the page was opened. */
function useTail(position: Position): readonly Position[] {
  const [tail, setTail] = useState<readonly Position[]>([position]);
  const next = withReport(tail, position);
  if (next !== tail) setTail(next);
  return next;
}

/** The zoom at which a car is shown first: a few streets around it. */
const FIRST_ZOOM = 15;

/** Keep the map with the car: at first in its middle, later if wished. */
function useFollow(
  { position: [longitude, latitude], direction }: { position: Position; direction: number | null },
  { isFollowing, isAhead }: { isFollowing: boolean; isAhead: boolean },
) {
  const { map } = useMap();
  const isFirst = useRef(true);
  const bearing = isAhead && direction !== null ? direction : 0;
  useEffect(() => {
    if (map.isZooming() && !isFirst.current) return; // a person zooms: after it
    const zoom = isFirst.current ? FIRST_ZOOM : map.getZoom();
    const isMoved = isFollowing || isFirst.current;
    isFirst.current = false;
    if (isMoved) map.jumpTo({ center: [longitude, latitude], zoom, bearing });
    else if (map.getBearing() !== bearing && !map.isMoving()) map.jumpTo({ bearing });
  }, [map, longitude, latitude, bearing, isFollowing]);
}
