// One clock for all ages on the page: the server's.

import { useSyncExternalStore } from "react";
import { serverTime } from "./clock";

const TICK = 1000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = serverTime();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = serverTime();
    timer = setInterval(tick, TICK);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function tick(): void {
  now = serverTime();
  for (const listener of listeners) listener();
}

/** Return the time in milliseconds, renewed each second for all who ask together. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Return the same in whole minutes: for ages that need no seconds. */
export function useMinute(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / 60_000) * 60_000);
}
