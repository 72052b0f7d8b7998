import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CarOnMap } from "../map/CarOnMap";
import { boundsOf } from "../map/geometry";
import { MapCanvas } from "../map/MapCanvas";
import { PlainGround } from "../map/PlainGround";
import type { Known } from "../map/whereabouts";

interface Props {
  name: string;
  where: Known;
}

/** A small map that stays with the car until somebody moves it. */
export default function BesideMap({ name, where }: Props) {
  const { t } = useTranslation("map");
  const [isFollowing, setFollowing] = useState(true);
  return (
    <MapCanvas
      label={t("heading", { name })}
      bounds={boundsOf([where.position])}
      isInPage
      fallback={null}
    >
      <PlainGround />
      <CarOnMap
        known={where}
        name={name}
        begin={null}
        isFollowing={isFollowing}
        isAhead={false}
        onDrag={() => setFollowing(false)}
      />
    </MapCanvas>
  );
}
