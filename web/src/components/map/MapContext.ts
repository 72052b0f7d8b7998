import type { Map as MapLibre } from "maplibre-gl";
import { createContext, useContext } from "react";
import { coloursOf, type MapColours, type Scheme } from "./colours";

/** A map that can be drawn on. */
export interface ReadyMap {
  map: MapLibre;
  scheme: Scheme;
  /** Counts the styles that it had: what was drawn before is gone with each new one. */
  turn: number;
}

export const MapContext = createContext<ReadyMap | null>(null);

/** Return the map that this is drawn on. */
export function useMap(): ReadyMap & { colours: MapColours } {
  const ready = useContext(MapContext);
  if (ready === null) throw new Error("there is no map around this");
  return { ...ready, colours: coloursOf(ready.scheme) };
}
