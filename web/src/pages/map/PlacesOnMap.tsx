import { memo, useEffect, useMemo, useState } from "react";
import { southOf } from "../../components/map/geometry";
import { useMap } from "../../components/map/MapContext";
import { MapLabel } from "../../components/map/MapLabel";
import { Circles } from "../../components/map/MapShapes";
import { usePlaces } from "../../data/places";

/** The zoom from which places have their names: before, these would lie on each other. */
const NAMES_FROM = 11;

/** The owner's places, each a circle with its name. */
export const PlacesOnMap = memo(function PlacesOnMap() {
  const { map, colours } = useMap();
  const { data: places } = usePlaces();
  const [isNear, setNear] = useState(() => map.getZoom() >= NAMES_FROM);
  useEffect(() => {
    const look = () => setNear(map.getZoom() >= NAMES_FROM);
    map.on("zoom", look);
    return () => void map.off("zoom", look);
  }, [map]);
  const circles = useMemo(
    () =>
      (places ?? []).map(({ id, name, longitude, latitude, radius }) => ({
        id,
        name,
        position: [longitude, latitude] as const,
        radius,
      })),
    [places],
  );
  return (
    <>
      <Circles id="places" circles={circles} colour={colours.place} />
      {isNear &&
        circles.map(({ id, name, position, radius }) => (
          <MapLabel key={id} position={southOf(position, radius)} text={name} />
        ))}
    </>
  );
});
