// The style of the ground: what the server says of its tiles, as MapLibre wants it. Pure.

import type { RasterLayerSpecification, StyleSpecification } from "maplibre-gl";
import type { WebInfo } from "../../data/web";
import { coloursOf, type Scheme } from "./colours";

/** Where the ground of the map comes from; null is nowhere: a plain one with a grid. */
export type Ground = WebInfo["map"];

/** Pictures of light maps are dimmed in the dark scheme. */
const DIMMED: NonNullable<RasterLayerSpecification["paint"]> = {
  "raster-brightness-max": 0.55,
  "raster-saturation": -0.4,
};

/** Return the style of a ground of pictures, or of none; `url` is a template with {z}/{x}/{y}. */
export function pictureStyle(url: string | null, scheme: Scheme): StyleSpecification {
  const style = plainStyle(scheme);
  if (url === null) return style;
  style.sources = { ground: { type: "raster", tiles: hostsOf(url), tileSize: 256, maxzoom: 19 } };
  style.layers.push(pictureLayer(scheme));
  return style;
}

/** Return the layer that shows pictures. */
export function pictureLayer(scheme: Scheme): RasterLayerSpecification {
  const paint = scheme === "dark" ? DIMMED : {};
  return { id: "pictures", type: "raster", source: "ground", paint };
}

/** Return a style without anything but its colour. Letters are drawn with the fonts of the app. */
export function plainStyle(scheme: Scheme): StyleSpecification {
  const { ground } = coloursOf(scheme);
  return {
    version: 8,
    sources: {},
    layers: [{ id: "ground", type: "background", paint: { "background-color": ground } }],
  };
}

/**
 * Return the address of the worker's file. It works under the policy that came with the file, and
 * browsers keep files for a year: other hosts of the ground make it another address.
 */
export function workerAddress(file: string, ground: Ground): string {
  const hosts = ground?.hosts ?? [];
  return hosts.length === 0 ? file : `${file}?hosts=${encodeURIComponent(hosts.join(" "))}`;
}

/** Return the addresses of tiles; `{s}` is a host's part of which there are three. */
export function hostsOf(url: string): string[] {
  return url.includes("{s}") ? ["a", "b", "c"].map((each) => url.replace("{s}", each)) : [url];
}
