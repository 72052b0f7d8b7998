import { memo } from "react";
import { useTranslation } from "react-i18next";
import { CarArrow } from "../../components/map/CarArrow";
import { MapLabel } from "../../components/map/MapLabel";
import { MapMarker } from "../../components/map/MapMarker";
import { nameOf } from "../../components/VehicleSwitch";
import { useGroups } from "../../data/groups";
import { useLiveVehicles } from "../../data/live/useLiveVehicles";
import { useVehicles } from "../../data/vehicles";
import { type Other, othersOf } from "./others";

/** The other cars of whoever looks, and those of the groups that the cars are in. */
export const OtherCars = memo(function OtherCars({ vehicle }: { vehicle: string }) {
  const { data: listed = [] } = useVehicles();
  const { data: groups = [] } = useGroups();
  const { vehicles } = useLiveVehicles();
  const names = new Map(listed.map((each) => [each.id, nameOf(each)]));
  return othersOf(vehicle, vehicles, groups).map((each) => (
    <OtherCar key={each.id} other={each} name={names.get(each.id) ?? each.id} />
  ));
});

function OtherCar({ other, name }: { other: Other; name: string }) {
  const { t } = useTranslation("map");
  const { position, direction, isOld, isMine } = other;
  const to = isMine ? { to: `/cars/${encodeURIComponent(other.id)}/map` } : {};
  return (
    <>
      <MapMarker position={position} level={1} turn={direction ?? 0}>
        <CarArrow
          turn={direction === null ? null : 0}
          isOld={isOld}
          label={isOld ? t("oldPosition", { name }) : name}
          size={28}
        />
      </MapMarker>
      <MapLabel position={position} text={name} {...to} />
    </>
  );
}
