// The ground of the map, from what the server says of it.

import type { StyleSpecification } from "maplibre-gl";
import { PMTiles, TileType } from "pmtiles";
import type { Scheme } from "./colours";
import { type Ground, pictureLayer, pictureStyle, plainStyle } from "./style";
import { vectorStyle } from "./vectorStyle";

/** Return the style of the ground; a plain one if the server's own map cannot be read. */
export async function styleOf(
  ground: Ground,
  scheme: Scheme,
): Promise<StyleSpecification | string> {
  if (ground === null) return plainStyle(scheme);
  if (ground.kind === "raster") return pictureStyle(ground.url, scheme);
  if (ground.kind === "style") return ground.url;
  try {
    return await fileStyle(new URL(ground.url, location.origin).href, scheme);
  } catch {
    return plainStyle(scheme);
  }
}

async function fileStyle(address: string, scheme: Scheme): Promise<StyleSpecification> {
  const file = new PMTiles(address);
  const url = `pmtiles://${address}`;
  if ((await file.getHeader()).tileType !== TileType.Mvt) {
    const plain = plainStyle(scheme);
    const sources = { ground: { type: "raster", url, tileSize: 256 } as const };
    return { ...plain, sources, layers: [...plain.layers, pictureLayer(scheme)] };
  }
  return vectorStyle(url, layersOf(await file.getMetadata()), scheme);
}

/** Return the names of the layers that a file of vector tiles says it has. */
export function layersOf(metadata: unknown): Set<string> {
  const layers = isRecord(metadata) ? metadata.vector_layers : [];
  const ids = Array.isArray(layers) ? layers.map((each) => isRecord(each) && each.id) : [];
  return new Set(ids.filter((id) => typeof id === "string"));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
