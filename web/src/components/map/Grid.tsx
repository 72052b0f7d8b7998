import { memo, useEffect, useMemo, useState } from "react";
import { covers, type GridBox, gridOf } from "./gridLines";
import { useMap } from "./MapContext";
import { useShapes } from "./useShapes";

/** Meridians and parallels, for a ground without tiles: one sees that and how the map moves. */
export const Grid = memo(function Grid() {
  const { map, colours } = useMap();
  const [box, setBox] = useState<GridBox>(() => boxOf(map));
  useEffect(() => {
    const look = () => {
      const shown = boxOf(map);
      setBox((drawn) => (covers(drawn, shown) ? drawn : shown));
    };
    look();
    map.on("moveend", look);
    return () => void map.off("moveend", look);
  }, [map]);
  const lines = useMemo(() => gridOf(box), [box]);
  useShapes("grid", lines, [
    {
      type: "line",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": colours.grid },
    },
  ]);
  return null;
});

function boxOf(map: ReturnType<typeof useMap>["map"]): GridBox {
  const bounds = map.getBounds();
  return {
    bounds: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()],
    zoom: map.getZoom(),
  };
}
