import { useEffect, useState } from "react";
import type { Position } from "./geometry";
import { useMap } from "./MapContext";
import { Marker } from "./maplibre";

interface Options {
  /** Where it is at first. */
  position: Position;
  /** Which part of it stands at the position. */
  anchor?: "center" | "top";
  /** Above what has less. */
  level?: number;
  /** Its turn is one on the map, and not on the screen. */
  turnsWithMap?: boolean;
}

/** Return a marker on the map, with an element for what is shown there. */
export function useMarker(options: Options): Marker {
  const { map } = useMap();
  const { anchor = "center", level = 0, turnsWithMap = false, position } = options;
  const [marker] = useState(() =>
    new Marker({
      element: document.createElement("div"),
      anchor,
      opacityWhenCovered: "1",
      rotationAlignment: turnsWithMap ? "map" : "viewport",
    }).setLngLat([...position]),
  );
  useEffect(() => {
    const element = marker.getElement();
    element.style.zIndex = String(level);
    marker.addTo(map);
    // What is inside says what it is.
    for (const name of ["aria-label", "role", "tabindex"]) element.removeAttribute(name);
    return () => void marker.remove();
  }, [map, marker, level]);
  return marker;
}
