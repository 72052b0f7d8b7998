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

/**
 * Return what `tell` makes of the time in milliseconds, a plain value. It is looked at each second,
 * and whoever asks is rendered only when it is another one: most ages change once a minute.
 */
export function useTelling<T extends string | number | boolean | null>(
  tell: (now: number) => T,
): T {
  return useSyncExternalStore(subscribe, () => tell(now));
}

/** Return the time in milliseconds, renewed each second for all who ask together. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Return the same in whole minutes: for ages that need no seconds. */
export function useMinute(): number {
  return useTelling((time) => Math.floor(time / 60_000) * 60_000);
}
