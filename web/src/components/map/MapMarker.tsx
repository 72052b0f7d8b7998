import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import type { Position } from "./geometry";
import { useMarker } from "./useMarker";

interface Props {
  position: Position;
  /** Which part of it stands at the position. */
  anchor?: "center" | "top";
  /** Above what has less. */
  level?: number;
  /** Degrees that it is turned on the map, clockwise from north; without it stays upright. */
  turn?: number;
  children: ReactNode;
}

/** Something of the page at a place of the map. */
export function MapMarker({ position, anchor = "center", level = 0, turn, children }: Props) {
  const marker = useMarker({ position, anchor, level, turnsWithMap: turn !== undefined });
  const { lng, lat } = marker.getLngLat();
  const [longitude, latitude] = position;
  if (lng !== longitude || lat !== latitude) marker.setLngLat([longitude, latitude]);
  if (turn !== undefined && turn !== marker.getRotation()) marker.setRotation(turn);
  return createPortal(children, marker.getElement());
}
