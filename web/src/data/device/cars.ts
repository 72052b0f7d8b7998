// Cars on other OVMS servers. Their address and secret stay on this device.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { read, readAll, remove, write } from "./db";

/** A car on another server, reached by scheme 0x30 with the vehicle's secret. */
export interface DeviceCar {
  /** How pages name it: `~` and some letters, which no vehicle of this server is called. */
  id: string;
  name: string;
  /** Of the WebSocket: `wss://host:6870/apiv2`. */
  address: string;
  vehicle_id: string;
  secret: string;
  /** Opens what the car seals; null if it seals nothing. */
  module_password: string | null;
}

export type DeviceCarBody = Omit<DeviceCar, "id">;

/** What is wrong with the address of a WebSocket. */
export type AddressProblem =
  | "no_address"
  /** A page over https may open only wss. */
  | "needs_wss";

const KEY = ["device", "cars"];

export function isDeviceCar(vehicle: string): boolean {
  return vehicle.startsWith("~");
}

export function readDeviceCar(id: string): Promise<DeviceCar | undefined> {
  return read("car", id);
}

/** Return the cars of other servers on this device, by name. */
export function useDeviceCars() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () =>
      (await readAll<DeviceCar>("car")).sort((a, b) => a.name.localeCompare(b.name)),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Return what keeps a car on this device, changes it, or forgets it. */
export function useChangeDeviceCars() {
  const client = useQueryClient();
  const changed = () => client.invalidateQueries({ queryKey: KEY });
  return {
    add: async (body: DeviceCarBody): Promise<DeviceCar> => {
      const car = { ...body, id: newId() };
      await write(car, "car", car.id);
      await changed();
      return car;
    },
    change: async (car: DeviceCar): Promise<void> => {
      await write(car, "car", car.id);
      await changed();
    },
    forget: async (id: string): Promise<void> => {
      await remove("car", id);
      await changed();
    },
  };
}

/** Return what is wrong with an address that somebody typed; null if nothing is. */
export function addressProblem(address: string, isSecurePage: boolean): AddressProblem | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return "no_address";
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return "no_address";
  return isSecurePage && url.protocol === "ws:" ? "needs_wss" : null;
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return `~${Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("")}`;
}
