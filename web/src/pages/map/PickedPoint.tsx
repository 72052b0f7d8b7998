import type { MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Position } from "../../components/map/geometry";
import { useMap } from "../../components/map/MapContext";
import { MapLabel } from "../../components/map/MapLabel";
import { placeAddress } from "./placeAddress";

/** Milliseconds after which a finger that rests on the map means this point. */
const REST = 600;

interface Props {
  vehicle: string;
  onPick: () => void;
}

/** A point that somebody picks with a long press or the right button, to make a place of it. */
export function PickedPoint({ vehicle, onPick }: Props) {
  const { t } = useTranslation("map");
  const { map } = useMap();
  const [picked, setPicked] = useState<Position | null>(null);
  const told = useEffectEvent(onPick);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pick = ({ lngLat }: MapMouseEvent | MapTouchEvent) => {
      setPicked([lngLat.lng, lngLat.lat]);
      told();
    };
    const rest = (event: MapTouchEvent) => {
      clearTimeout(timer);
      if (event.points.length === 1) timer = setTimeout(() => pick(event), REST);
    };
    const leave = () => clearTimeout(timer);
    const forget = () => setPicked(null);
    map.on("contextmenu", pick);
    map.on("touchstart", rest);
    map.on("touchend", leave);
    map.on("touchmove", leave);
    map.on("click", forget);
    return () => {
      leave();
      map.off("contextmenu", pick);
      map.off("touchstart", rest);
      map.off("touchend", leave);
      map.off("touchmove", leave);
      map.off("click", forget);
    };
  }, [map]);
  if (picked === null) return null;
  return <MapLabel position={picked} text={t("addPlace")} to={placeAddress(vehicle, picked)} />;
}
