import { Center, Text } from "@mantine/core";
import { IconCompass, IconCurrentLocation } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { boundsOf, type Line } from "../../components/map/geometry";
import { MapButton, MapButtons } from "../../components/map/MapButtons";
import { MapCanvas } from "../../components/map/MapCanvas";
import { TrackLines } from "../../components/map/MapShapes";
import { MiniMap } from "../../components/map/MiniMap";
import { PlainGround } from "../../components/map/PlainGround";
import { CarOnMap } from "./CarOnMap";
import { OtherCars } from "./OtherCars";
import { PlacesOnMap } from "./PlacesOnMap";
import { useDayTrack } from "./useDayTrack";
import type { Known, NoPosition } from "./whereabouts";

interface Props {
  vehicle: string;
  name: string;
  where: Known | NoPosition;
}

/** The map of a car, live. It is loaded when it is shown first. */
export default function LiveMap({ vehicle, name, where }: Props) {
  const { t } = useTranslation("map");
  const known = typeof where === "string" ? null : where;
  const track = useDayTrack(vehicle, where !== "hidden");
  const [isFollowing, setFollowing] = useState(true);
  const [isAhead, setAhead] = useState(false);
  const fit = useMemo(
    () => boundsOf([...track.flat(), ...(known === null ? [] : [known.position])]),
    [track, known],
  );
  return (
    <MapCanvas
      label={t("heading", { name })}
      bounds={known === null ? null : boundsOf([known.position])}
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
      <MapButtons fit={fit} onFit={() => setFollowing(false)}>
        <MapButton
          label={t("follow")}
          isOn={isFollowing}
          onClick={() => setFollowing(!isFollowing)}
        >
          <IconCurrentLocation size={20} aria-hidden />
        </MapButton>
        <MapButton label={t("ahead")} isOn={isAhead} onClick={() => setAhead(!isAhead)}>
          <IconCompass size={20} aria-hidden />
        </MapButton>
      </MapButtons>
    </MapCanvas>
  );
}

/** What stands in for the map where the browser cannot draw one (WebGL). */
function NoMap({ lines, label }: { lines: readonly Line[]; label: string }) {
  const { t } = useTranslation("map");
  return (
    <Center h="100%" p="md">
      <div>
        <Text size="sm" mb="sm">
          {t("noMap")}
        </Text>
        <MiniMap lines={lines} label={label} width={640} height={400} />
      </div>
    </Center>
  );
}
