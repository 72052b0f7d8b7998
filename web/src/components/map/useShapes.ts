import type { GeoJSON } from "geojson";
import type { AddLayerObject, GeoJSONSource } from "maplibre-gl";
import { useEffect, useEffectEvent } from "react";
import { useMap } from "./MapContext";

/** How shapes are drawn: a layer without its name and its source. */
export type ShapeLayer =
  Extract<AddLayerObject, { type: "line" | "fill" | "circle" | "symbol" }> extends infer Layer
    ? Layer extends unknown
      ? Omit<Layer, "id" | "source">
      : never
    : never;

/** Draw shapes on the map, over those that were drawn before. */
export function useShapes(id: string, data: GeoJSON, layers: readonly ShapeLayer[]): void {
  const { map, turn, scheme } = useMap();
  const add = useEffectEvent(() => {
    map.addSource(id, { type: "geojson", data });
    layers.forEach((layer, index) => {
      map.addLayer({ ...layer, id: `${id}-${index}`, source: id } as AddLayerObject);
    });
    return layers.map((_, index) => `${id}-${index}`);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: with a new style all is drawn anew
  useEffect(() => {
    const added = add();
    return () => {
      if (map.getSource(id) === undefined) return; // gone with its style
      for (const layer of added) map.removeLayer(layer);
      map.removeSource(id);
    };
  }, [map, turn, scheme, id]);
  useEffect(() => {
    map.getSource<GeoJSONSource>(id)?.setData(data);
  }, [map, id, data]);
}
