// The list of an account's vehicles as the server last told it: what a page shows without one.

import type { VehicleAnswer } from "../api-types";
import { read, write } from "./db";
import { keptWho } from "./who";

export interface KeptVehicles {
  vehicles: VehicleAnswer[];
  /** When the server told it, in milliseconds. */
  time: number;
}

/** Return the vehicles of whoever is logged in on this device; undefined if none are kept. */
export async function readVehicles(): Promise<KeptVehicles | undefined> {
  const owner = keptWho()?.owner;
  return owner === undefined ? undefined : read("vehicles", owner);
}

/** Keep an account's vehicles while it is logged in: an answer that comes late must leave none. */
export async function writeVehicles(account: string, kept: KeptVehicles): Promise<void> {
  if (keptWho()?.owner === account) await write(kept, "vehicles", account);
}
