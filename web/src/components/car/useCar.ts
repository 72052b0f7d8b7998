import { isDeviceCar, useDeviceCars } from "../../data/device/cars";
import { useListedVehicle } from "../../data/vehicles";
import { nameOf } from "../VehicleSwitch";
import type { Caller } from "./control/availability";

/** Whose car it is and what one may do with it, be it of this server or of another. */
export interface Car extends Caller {
  name: string;
  /** It is on another server; all that is known of it is on this device. */
  isElsewhere: boolean;
}

/** Return what is known of a car beside what it reports. */
export function useCar(vehicle: string): Car {
  const own = useListedVehicle(vehicle);
  const { data: others = [] } = useDeviceCars();
  if (isDeviceCar(vehicle)) {
    const other = others.find(({ id }) => id === vehicle);
    return {
      name: other?.name || other?.vehicle_id || vehicle,
      isElsewhere: true,
      isOwner: true, // who has the secret may all
      rights: [],
    };
  }
  return {
    name: own === undefined ? vehicle : nameOf(own),
    isElsewhere: false,
    isOwner: own?.is_own ?? false,
    rights: own?.rights ?? [],
  };
}
