import { useTranslation } from "react-i18next";
import { useListedVehicle } from "../../data/vehicles";

/** Return what stands where a car has no journeys: when they come, or that a seal keeps them away. */
export function useNone(vehicle: string, otherwise: "none" | "battery.none"): string {
  const { t } = useTranslation("journeys");
  const isSealed = useListedVehicle(vehicle)?.is_paranoid ?? false;
  return t(isSealed ? "states.paranoid" : otherwise);
}
