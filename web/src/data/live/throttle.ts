// Not each report renders the page: ten a second come, and four are enough.

/** Milliseconds between two times that a page is told of changes. */
export const PUBLISH_INTERVAL = 250;

export interface Throttled {
  /** Have it called soon, and never more often than each {@link PUBLISH_INTERVAL}. */
  soon: () => void;
  /** Have it called at once: a person did something, and looks for what comes of it. */
  now: () => void;
  stop: () => void;
}

/** Return what has `publish` called. */
export function throttled(publish: () => void): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const now = () => {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    publish();
  };
  return {
    soon: () => {
      timer ??= setTimeout(now, Math.max(0, last + PUBLISH_INTERVAL - performance.now()));
    },
    now,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** Return the new groups, with those objects of the old ones that say the same. */
export function shared<T extends object>(before: T | null, after: T): T {
  if (before === null) return after;
  const old = new Map<string, unknown>(Object.entries(before));
  const parts = Object.entries(after).map(([name, group]) => {
    const same = JSON.stringify(old.get(name)) === JSON.stringify(group);
    return [name, same ? old.get(name) : group];
  });
  return Object.fromEntries(parts) as T;
}
