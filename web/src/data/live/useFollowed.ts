// What changes by itself, many times a second, for pages: whoever presses something comes first.

import { startTransition, useEffect, useState } from "react";

/**
 * Return what `read` returns, anew when `subscribe` tells of a change. Both must stay the same
 * functions as long as they mean the same.
 *
 * Unlike with `useSyncExternalStore` a change is rendered in slices, between which the browser
 * answers input. What is read must be immutable.
 */
export function useFollowed<T>(subscribe: (listener: () => void) => () => void, read: () => T): T {
  const [seen, setSeen] = useState(() => ({ read, value: read() }));
  useEffect(() => {
    const look = () => {
      const value = read();
      startTransition(() => {
        setSeen((last) => (last.read === read && last.value === value ? last : { read, value }));
      });
    };
    const end = subscribe(look);
    look(); // it may have changed since it was rendered
    return end;
  }, [subscribe, read]);
  return seen.read === read ? seen.value : read();
}
