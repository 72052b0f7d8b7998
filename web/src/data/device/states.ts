// The last state of each car, by account: what a page shows before, and without, a connection.

import type { VehicleState } from "../live/types";
import { isDeviceCar, readDeviceCar } from "./cars";
import { read, readAll, remove, removeAll, write } from "./db";
import { keptWho } from "./who";

export function readState(account: string, vehicle: string): Promise<VehicleState | undefined> {
  return read("state", account, vehicle);
}

/**
 * Keep a car's last state while its account is logged in, and a car of another server is on this
 * device: a page that ends must leave none.
 */
export async function writeState(account: string, state: VehicleState): Promise<void> {
  const { vehicle_id: id } = state;
  if (isDeviceCar(id) && (await readDeviceCar(id)) === undefined) return;
  if (keptWho()?.owner === account) await write(state, "state", account, id);
}

/** Forget the last state of a car that an account may not see any more. */
export function forgetState(account: string, vehicle: string): Promise<void> {
  return remove("state", account, vehicle);
}

/** Return the last state of all cars of an account. */
export function readStates(account: string): Promise<VehicleState[]> {
  return readAll("state", account);
}

/** Forget what this device kept of a vehicle that an account may not see any more, or has forgotten. */
export async function forgetVehicle(account: string, vehicle: string): Promise<void> {
  await removeAll("state", account, vehicle);
  await removeAll("password", account, vehicle);
  await removeAll("read", account, vehicle);
}

/** Forget what this device kept of an account, as when it logs out. */
export async function forgetAccount(account: string): Promise<void> {
  await removeAll("state", account);
  await removeAll("vehicles", account);
  await removeAll("password", account);
  await removeAll("read", account);
}
