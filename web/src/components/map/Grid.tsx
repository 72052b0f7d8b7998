import { useEffect, useState } from "react";
import { type GridBox, gridOf } from "./gridLines";
import { useMap } from "./MapContext";
import { useShapes } from "./useShapes";

/** Meridians and parallels, for a ground without tiles: one sees that and how the map moves. */
export function Grid() {
  const { map, colours } = useMap();
  const [box, setBox] = useState<GridBox>(() => boxOf(map));
  useEffect(() => {
    const look = () => setBox(boxOf(map));
    look();
    map.on("moveend", look);
    return () => void map.off("moveend", look);
  }, [map]);
  useShapes("grid", gridOf(box), [
    {
      type: "line",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": colours.grid },
    },
  ]);
  return null;
}

function boxOf(map: ReturnType<typeof useMap>["map"]): GridBox {
  const bounds = map.getBounds();
  return {
    bounds: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()],
    zoom: map.getZoom(),
  };
}
