// MapLibre as this app uses it: its worker is a file of ours, as the policy of the pages wants it,
// and it reads the server's own map. Only what is loaded with a map imports this.

import "maplibre-gl/dist/maplibre-gl.css";
import { addProtocol, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { Protocol } from "pmtiles";
import { type Ground, workerAddress } from "./style";

addProtocol("pmtiles", new Protocol().tile);

/** Have the worker of the next map load its parts from what the ground needs, and nowhere else. */
export function setGround(ground: Ground): void {
  setWorkerUrl(workerAddress(workerUrl, ground));
}

export { Map as MapLibre, Marker, ScaleControl } from "maplibre-gl";
