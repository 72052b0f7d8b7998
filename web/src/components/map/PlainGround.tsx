import { memo, useEffect } from "react";
import { usePreferences } from "../../data/preferences";
import { useWeb } from "../../data/web";
import { Grid } from "./Grid";
import { useMap } from "./MapContext";
import { ScaleControl } from "./maplibre";

/** What every map has beneath its shapes: a scale, and a grid where there are no tiles. */
export const PlainGround = memo(function PlainGround() {
  const { map } = useMap();
  const { data: web } = useWeb();
  const unit = usePreferences().distance === "mi" ? "imperial" : "metric";
  useEffect(() => {
    const scale = new ScaleControl({ unit });
    map.addControl(scale, "bottom-left");
    return () => void map.removeControl(scale);
  }, [map, unit]);
  return (web?.map ?? null) === null ? <Grid /> : null;
});
