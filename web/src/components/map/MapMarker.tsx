import { type ReactNode, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import type { Position } from "./geometry";
import { useMap } from "./MapContext";
import { Marker } from "./maplibre";

interface Props {
  position: Position;
  /** Which part of it stands at the position. */
  anchor?: "center" | "top";
  /** Above what has less. */
  level?: number;
  children: ReactNode;
}

/** Something of the page at a place of the map. */
export function MapMarker({ position, anchor = "center", level = 0, children }: Props) {
  const { map } = useMap();
  const [marker] = useState(
    () => new Marker({ element: document.createElement("div"), anchor, opacityWhenCovered: "1" }),
  );
  const [longitude, latitude] = position;
  marker.setLngLat([longitude, latitude]);
  marker.getElement().style.zIndex = String(level);
  useEffect(() => {
    marker.addTo(map);
    // What is inside says what it is.
    for (const name of ["aria-label", "role", "tabindex"])
      marker.getElement().removeAttribute(name);
    return () => void marker.remove();
  }, [map, marker]);
  return createPortal(children, marker.getElement());
}
