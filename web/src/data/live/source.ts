// Where a vehicle is: on this server, by a ticket of the session, or on another, by its secret.

import { ApiError } from "../api";
import type { StateAnswer } from "../api-types";
import { ask } from "../calls";
import { isDeviceCar, readDeviceCar } from "../device/cars";
import { readPassword } from "../device/passwords";
import type { Entry } from "./socket";

/** What opens a vehicle's connection, and what is needed beside it. */
export interface VehicleSource {
  enter(): Promise<Entry>;
  /** The password that opens what the car seals; null without one. */
  password(): Promise<string | null>;
  /** What the server's API says of the state: when each group came; null where there is none. */
  asked(): Promise<StateAnswer | null>;
}

export function sourceOf(account: string, vehicle: string): VehicleSource {
  return isDeviceCar(vehicle) ? otherServer(account, vehicle) : thisServer(account, vehicle);
}

function thisServer(account: string, vehicle: string): VehicleSource {
  return {
    enter: async () => {
      const { owner, ticket } = await ask("POST /session/ticket", {});
      const credentials = {
        scheme: "0x31",
        user: owner,
        password: ticket,
        vehicleId: vehicle,
      } as const;
      return { address: ownAddress(location), credentials };
    },
    password: async () => (await readPassword(account, vehicle)) ?? null,
    asked: () => ask("GET /vehicles/{vehicle_id}/state", { path: { vehicle_id: vehicle } }),
  };
}

function otherServer(account: string, id: string): VehicleSource {
  const find = async () => {
    const car = await readDeviceCar(id);
    if (car === undefined) throw new ApiError(404, "no_vehicle", "not on this device");
    return car;
  };
  return {
    enter: async () => {
      const { address, vehicle_id, secret } = await find();
      return { address, credentials: { scheme: "0x30", vehicleId: vehicle_id, secret } };
    },
    password: async () => (await readPassword(account, id)) ?? (await find()).module_password,
    asked: async () => null,
  };
}

/** Return where this server's WebSocket is. */
export function ownAddress({ protocol, host }: { protocol: string; host: string }): string {
  return `${protocol === "https:" ? "wss" : "ws"}://${host}/apiv2`;
}
