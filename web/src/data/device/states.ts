// The last state of each car, by account: what a page shows before, and without, a connection.

import type { VehicleState } from "../live/types";
import { read, readAll, removeAll, write } from "./db";

export function readState(account: string, vehicle: string): Promise<VehicleState | undefined> {
  return read("state", account, vehicle);
}

export function writeState(account: string, state: VehicleState): Promise<void> {
  return write(state, "state", account, state.vehicle_id);
}

/** Return the last state of all cars of an account. */
export function readStates(account: string): Promise<VehicleState[]> {
  return readAll("state", account);
}

/** Forget what this device kept of an account, as when it logs out. */
export async function forgetAccount(account: string): Promise<void> {
  await removeAll("state", account);
  await removeAll("password", account);
  await removeAll("read", account);
}
