// @vitest-environment happy-dom

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useTelling } from "./now";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("what tells of the time is rendered when it tells something else, and not each second", () => {
  let renders = 0;
  const { result } = renderHook(() => {
    renders += 1;
    return useTelling((now) => `${Math.floor((now - 1_700_000_000_000) / 60_000)} min`);
  });
  const first = renders;
  act(() => void vi.advanceTimersByTime(59_000));
  expect(result.current).toBe("0 min");
  expect(renders).toBe(first);
  act(() => void vi.advanceTimersByTime(1000));
  expect(result.current).toBe("1 min");
});

test("what is asked for is told, also when nothing but the question has changed", () => {
  const { result, rerender } = renderHook(({ word }) => useTelling(() => word), {
    initialProps: { word: "one" },
  });
  rerender({ word: "two" });
  expect(result.current).toBe("two");
});
