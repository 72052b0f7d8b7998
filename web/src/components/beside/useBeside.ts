import { isDeviceCar } from "../../data/device/cars";
import { useVehicles } from "../../data/vehicles";
import { useIsWide } from "../useIsWide";

/** From here on there is room for rail, page, and car and map. */
const WIDE = 1200;

export interface BesideView {
  /** Null while it is not known whether there is such a car: its room is kept. */
  vehicle: string | null;
  isMapOnly: boolean;
}

/** Return what stands beside a page; null is nothing. */
export function besideOf(pathname: string, vehicle: string): Pick<BesideView, "isMapOnly"> | null {
  if (isDeviceCar(vehicle)) return null; // the server, whose stream this is, knows nothing of it
  const [area, car = "", page = ""] = pathname.split("/").filter((each) => each !== "");
  if (area === "setup") return null; // of another car, or of none yet
  if (area !== "cars") return { isMapOnly: false };
  if (car === "" || car === "add-other" || page === "map") return null;
  return { isMapOnly: page === "" };
}

/** Return what stands beside the page that is shown. */
export function useBeside(pathname: string, vehicle: string | null): BesideView | null {
  const isWide = useIsWide(WIDE);
  const { data: vehicles } = useVehicles();
  if (!isWide || vehicle === null) return null;
  const found = besideOf(pathname, vehicle);
  if (found === null) return null;
  if (vehicles === undefined) return { vehicle: null, ...found };
  return vehicles.some(({ id }) => id === vehicle) ? { vehicle, ...found } : null;
}
