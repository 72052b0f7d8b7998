// @vitest-environment happy-dom

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { useFollowed } from "./useFollowed";

afterEach(cleanup);

/** Return something that changes by itself, and how many follow it. */
function source(first: string) {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    listeners,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    read: () => value,
    become: (next: string) => {
      value = next;
      for (const listener of listeners) listener();
    },
  };
}

test("what changes is shown, of the source that is asked for", () => {
  const [one, other] = [source("one"), source("other")];
  const { result, rerender, unmount } = renderHook(({ of }) => useFollowed(of.subscribe, of.read), {
    initialProps: { of: one },
  });
  expect(result.current).toBe("one");
  act(() => one.become("changed"));
  expect(result.current).toBe("changed");
  rerender({ of: other });
  expect(result.current).toBe("other");
  act(() => one.become("late"));
  expect(result.current).toBe("other");
  expect(one.listeners.size).toBe(0);
  unmount();
  expect(other.listeners.size).toBe(0);
});

test("a change between the first look and the first listening is not lost", () => {
  const quick = source("before");
  const subscribe = (listener: () => void) => {
    quick.become("after");
    return quick.subscribe(listener);
  };
  const { result } = renderHook(() => useFollowed(subscribe, quick.read));
  expect(result.current).toBe("after");
});
