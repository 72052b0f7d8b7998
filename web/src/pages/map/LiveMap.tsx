import { IconCompass, IconCurrentLocation } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CarOnMap } from "../../components/map/CarOnMap";
import { boundsOf } from "../../components/map/geometry";
import { MapButton, MapButtons } from "../../components/map/MapButtons";
import { MapCanvas } from "../../components/map/MapCanvas";
import { TrackLines } from "../../components/map/MapShapes";
import { PlainGround } from "../../components/map/PlainGround";
import type { Known, NoPosition } from "../../components/map/whereabouts";
import { NoMap } from "./NoMap";
import { OtherCars } from "./OtherCars";
import { PickedPoint } from "./PickedPoint";
import { PlacesOnMap } from "./PlacesOnMap";
import { useDayTrack } from "./useDayTrack";

interface Props {
  vehicle: string;
  name: string;
  where: Known | NoPosition;
  /** The server has its track, and may show it. */
  hasTrack: boolean;
}

/** The map of a car, live. It is loaded when it is shown first. */
export default function LiveMap({ vehicle, name, where, hasTrack }: Props) {
  const { t } = useTranslation("map");
  const known = typeof where === "string" ? null : where;
  const track = useDayTrack(vehicle, hasTrack);
  const [isFollowing, setFollowing] = useState(true);
  const [isAhead, setAhead] = useState(false);
  const here = known === null ? [] : [known.position];
  const whole = () => boundsOf([...track.flat(), ...here]);
  return (
    <MapCanvas
      label={t("heading", { name })}
      bounds={boundsOf(here)}
      fallback={<NoMap lines={track} label={t("heading", { name })} />}
    >
      <PlainGround />
      <PlacesOnMap />
      <TrackLines id="day" lines={track} />
      {known !== null && (
        <CarOnMap
          known={known}
          name={name}
          begin={track.at(-1)?.at(-1) ?? null}
          isFollowing={isFollowing}
          isAhead={isAhead}
          onDrag={() => setFollowing(false)}
        />
      )}
      <OtherCars vehicle={vehicle} />
      <PickedPoint vehicle={vehicle} onPick={() => setFollowing(false)} />
      <MapButtons
        whole={track.length + here.length === 0 ? null : whole}
        onFit={() => setFollowing(false)}
      >
        <MapButton
          label={t("follow")}
          isOn={isFollowing}
          onClick={() => setFollowing(!isFollowing)}
          Icon={IconCurrentLocation}
        />
        <MapButton
          label={t("ahead")}
          isOn={isAhead}
          onClick={() => setAhead(!isAhead)}
          Icon={IconCompass}
        />
      </MapButtons>
    </MapCanvas>
  );
}
