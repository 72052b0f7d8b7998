// The vehicles whose pages are open: all parts of a page share one connection.

import { onPassword } from "../device/passwords";
import { sourceOf } from "./source";
import { LiveVehicle } from "./vehicle";

/** Milliseconds that a connection stays after the last page that needs it: the next may need it. */
const LINGER = 5000;

interface Entry {
  vehicle: LiveVehicle;
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const open = new Map<string, Entry>();

/** Return the vehicle of a page; it connects when somebody {@link hold}s it. */
export function liveVehicle(account: string, vehicle: string): LiveVehicle {
  return entryOf(account, vehicle).vehicle;
}

/** Keep a vehicle connected; return what ends that. */
export function hold(account: string, vehicle: string): () => void {
  const entry = entryOf(account, vehicle);
  clearTimeout(entry.timer);
  entry.users += 1;
  if (entry.users === 1 && entry.timer === undefined) void entry.vehicle.start();
  entry.timer = undefined;
  return () => {
    entry.users -= 1;
    if (entry.users === 0) entry.timer = setTimeout(() => release(entry), LINGER);
  };
}

/** Close all connections of an account at once, as when it logs out. */
export function releaseAll(): void {
  for (const { vehicle, timer } of open.values()) {
    clearTimeout(timer);
    vehicle.stop();
  }
  open.clear();
}

function release(entry: Entry): void {
  entry.vehicle.stop();
  for (const [key, each] of open) if (each === entry) open.delete(key);
}

function entryOf(account: string, vehicle: string): Entry {
  const key = keyOf(account, vehicle);
  const found = open.get(key);
  if (found !== undefined) return found;
  const made = new LiveVehicle(account, vehicle, sourceOf(account, vehicle));
  const entry: Entry = { vehicle: made, users: 0, timer: undefined };
  open.set(key, entry);
  return entry;
}

function keyOf(account: string, vehicle: string): string {
  return JSON.stringify([account, vehicle]);
}

onPassword((account, vehicle) => {
  void open.get(keyOf(account, vehicle))?.vehicle.readPassword();
});
