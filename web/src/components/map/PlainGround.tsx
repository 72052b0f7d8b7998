import { useEffect } from "react";
import { useWeb } from "../../data/web";
import { Grid } from "./Grid";
import { useMap } from "./MapContext";
import { ScaleControl } from "./maplibre";

/** What every map has beneath its shapes: a scale, and a grid where there are no tiles. */
export function PlainGround() {
  const { map } = useMap();
  const { data: web } = useWeb();
  useEffect(() => {
    const scale = new ScaleControl({ unit: "metric" });
    map.addControl(scale, "bottom-left");
    return () => void map.removeControl(scale);
  }, [map]);
  return (web?.map ?? null) === null ? <Grid /> : null;
}
