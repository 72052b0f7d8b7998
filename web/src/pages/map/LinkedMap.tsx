import { IconCurrentLocation } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { CarOnMap } from "../../components/map/CarOnMap";
import { boundsOf, type Position, positionOf } from "../../components/map/geometry";
import { MapButton, MapButtons } from "../../components/map/MapButtons";
import { MapCanvas } from "../../components/map/MapCanvas";
import { PlainGround } from "../../components/map/PlainGround";
import type { PositionAnswer } from "../../data/api-types";
import { NoMap } from "./NoMap";

interface Props {
  name: string;
  position: PositionAnswer;
}

/** The map of a linked position. */
export default function LinkedMap({ name, position }: Props) {
  const { t } = useTranslation("map");
  const [isFollowing, setFollowing] = useState(true);
  const where = useMemo(() => positionOf(position), [position]);
  const label = t("heading", { name });
  return (
    <MapCanvas
      label={label}
      bounds={where === null ? null : boundsOf([where])}
      fallback={<NoMap lines={where === null ? [] : [[where]]} label={label} />}
    >
      <PlainGround />
      {where !== null && (
        <CarOnMap
          known={knownOf(position, where)}
          name={name}
          begin={null}
          isFollowing={isFollowing}
          isAhead={false}
          onDrag={() => setFollowing(false)}
        />
      )}
      <MapButtons whole={null}>
        <MapButton
          label={t("live.follow")}
          isOn={isFollowing}
          onClick={() => setFollowing(!isFollowing)}
          Icon={IconCurrentLocation}
        />
      </MapButtons>
    </MapCanvas>
  );
}

function knownOf({ direction, is_stale }: PositionAnswer, position: Position) {
  return { position, direction, isOld: is_stale === true, accuracy: null };
}
