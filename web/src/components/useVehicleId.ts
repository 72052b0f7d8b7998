import { useEffect } from "react";
import { useParams } from "react-router";
import { useDeviceCars } from "../data/device/cars";
import { lastVehicle, rememberVehicle, useVehicles } from "../data/vehicles";

/** Return the vehicle that the address names, else the one opened last, else the first. */
export function useVehicleId(): string | null {
  const named = useParams().vehicle;
  const { data: vehicles = [] } = useVehicles();
  const { data: others = [] } = useDeviceCars();
  useEffect(() => {
    if (named !== undefined) rememberVehicle(named);
  }, [named]);
  if (named !== undefined) return named;
  const last = lastVehicle();
  if (others.some(({ id }) => id === last)) return last;
  return (vehicles.find(({ id }) => id === last) ?? vehicles[0])?.id ?? null;
}
