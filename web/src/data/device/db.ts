// What this device keeps (IndexedDB): the last state of cars, cars of other servers, module
// passwords, which alerts were read. Where the browser keeps nothing (private windows), all of it lives as long as the page.

import { createStore, del, delMany, entries, get, set, type UseStore } from "idb-keyval";

/** Kinds of what is kept, each a key's first part. */
export type Kind = "state" | "vehicles" | "car" | "password" | "read";

type Key = [Kind, ...string[]];

const memory = new Map<string, unknown>();
let store: UseStore | null = null;

/** Return what is kept under a key, undefined if nothing is. */
export async function read<T>(...key: Key): Promise<T | undefined> {
  return attempt(
    (db) => get<T>(key, db),
    () => memory.get(nameOf(key)) as T | undefined,
  );
}

export async function write(value: unknown, ...key: Key): Promise<void> {
  memory.set(nameOf(key), value);
  await attempt(
    (db) => set(key, value, db),
    () => undefined,
  );
}

export async function remove(...key: Key): Promise<void> {
  memory.delete(nameOf(key));
  await attempt(
    (db) => del(key, db),
    () => undefined,
  );
}

/** Return all values under keys that begin so. */
export async function readAll<T>(...prefix: Key): Promise<T[]> {
  const found = await attempt(
    (db) => entries<Key, T>(db),
    () => [...memory].map(([name, value]): [Key, T] => [JSON.parse(name), value as T]),
  );
  return found.filter(([key]) => beginsWith(key, prefix)).map(([, value]) => value);
}

/** Remove everything under keys that begin so. */
export async function removeAll(...prefix: Key): Promise<void> {
  for (const name of [...memory.keys()]) {
    if (beginsWith(JSON.parse(name), prefix)) memory.delete(name);
  }
  await attempt(
    async (db) => {
      const found = await entries<Key, unknown>(db);
      await delMany(
        found.map(([key]) => key).filter((key) => beginsWith(key, prefix)),
        db,
      );
    },
    () => undefined,
  );
}

async function attempt<T>(withStore: (db: UseStore) => Promise<T>, without: () => T): Promise<T> {
  try {
    store ??= createStore("ovms", "kept");
    return await withStore(store);
  } catch {
    return without();
  }
}

function nameOf(key: Key): string {
  return JSON.stringify(key);
}

function beginsWith(key: Key, prefix: Key): boolean {
  return prefix.every((part, at) => key[at] === part);
}
