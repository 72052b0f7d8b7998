import { startTransition, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { CarArrow } from "./CarArrow";
import { distance, type Position } from "./geometry";
import { looksSame, type Placement, pixelsApart } from "./glide";
import { useMap } from "./MapContext";
import { Circles, TrackLines } from "./MapShapes";
import { withReport } from "./tail";
import { useGlide } from "./useGlide";
import { useMarker } from "./useMarker";
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

/**
 * How far, in pixels, the car may be from the end of its way before that is drawn anew: while it
 * drives that is under its arrow, and once it has arrived it is seen.
 */
const LAG = { driving: 8, arrived: 1 };

/** The car, moving as it reports, with the way since the page was opened. */
export function CarOnMap({ known, name, begin, isFollowing, isAhead, onDrag }: Props) {
  const { map, colours } = useMap();
  const marker = useMarker({ position: known.position, level: 2, turnsWithMap: true });
  const follow = useFollow(known, { isFollowing, isAhead });
  const [seen, setSeen] = useState(known.position);
  const drawn = useRef<Placement | null>(null);
  const tail = useTail(known.position);
  // Frames move only what the browser moves cheaply; to draw lines anew costs much more.
  useGlide(known, (placement, hasArrived) => {
    const { position, direction } = placement;
    const zoom = map.getZoom();
    if (drawn.current === null || !looksSame(drawn.current, placement, zoom)) {
      drawn.current = placement;
      marker.setLngLat([...position]).setRotation(direction ?? 0);
      follow(placement);
    }
    const lag = pixelsApart(seen, position, zoom);
    if (lag >= (hasArrived ? LAG.arrived : LAG.driving)) startTransition(() => setSeen(position));
  });
  const dragged = useEffectEvent(onDrag);
  useEffect(() => {
    const tell = () => dragged();
    map.on("dragstart", tell);
    return () => void map.off("dragstart", tell);
  }, [map]);
  const lines = useMemo(() => {
    const first = tail[0];
    const start = begin && first && distance(begin, first) < NEAR ? [begin] : [];
    return [[...start, ...tail.slice(0, -1), seen]];
  }, [begin, tail, seen]);
  const { accuracy } = known;
  const circles = useMemo(
    () => (accuracy === null ? [] : [{ position: seen, radius: accuracy }]),
    [accuracy, seen],
  );
  return (
    <>
      <TrackLines id="tail" lines={lines} />
      <Circles id="accuracy" circles={circles} colour={colours.accuracy} />
      {createPortal(
        <CarArrow turn={known.direction === null ? null : 0} isOld={known.isOld} label={name} />,
        marker.getElement(),
      )}
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

/** Return what keeps the map with the car: at first in its middle, later if wished. */
function useFollow(
  known: Placement,
  { isFollowing, isAhead }: { isFollowing: boolean; isAhead: boolean },
): (placement: Placement) => void {
  const { map } = useMap();
  const isFirst = useRef(true);
  const last = useRef(known);
  const follow = ({ position: [longitude, latitude], direction }: Placement) => {
    last.current = { position: [longitude, latitude], direction };
    if (map.isZooming() && !isFirst.current) return; // a person zooms: after it
    const zoom = isFirst.current ? FIRST_ZOOM : map.getZoom();
    const isMoved = isFollowing || isFirst.current;
    const bearing = isAhead && direction !== null ? direction : 0;
    isFirst.current = false;
    if (isMoved) map.jumpTo({ center: [longitude, latitude], zoom, bearing });
    else if (map.getBearing() !== bearing && !map.isMoving()) map.jumpTo({ bearing });
  };
  const again = useEffectEvent(() => follow(last.current));
  // biome-ignore lint/correctness/useExhaustiveDependencies: somebody wishes it otherwise
  useEffect(() => again(), [isFollowing, isAhead]);
  return follow;
}
