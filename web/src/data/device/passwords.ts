// Module passwords, by which sealed messages are opened. They never leave this device.

import { read, remove, write } from "./db";

type Listener = (account: string, vehicle: string) => void;

const listeners = new Set<Listener>();

export function readPassword(account: string, vehicle: string): Promise<string | undefined> {
  return read("password", account, vehicle);
}

/**
 * Keep a car's module password. Its open page uses it at once. Null forgets it, and what was opened
 * with it.
 */
export async function keepPassword(
  account: string,
  vehicle: string,
  password: string | null,
): Promise<void> {
  if (password === null) {
    await remove("password", account, vehicle);
    await remove("state", account, vehicle);
  } else await write(password, "password", account, vehicle);
  for (const listener of listeners) listener(account, vehicle);
}

/** Have somebody told when a module password changes; return what ends that. */
export function onPassword(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
