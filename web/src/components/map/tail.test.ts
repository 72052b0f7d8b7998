import { describe, expect, it } from "vitest";
import type { Position } from "./geometry";
import { TAIL_LIMIT, withReport } from "./tail";

describe("withReport", () => {
  it("adds where the car has gone, and no noise of its receiver", () => {
    const tail = withReport(withReport([], [7, 50]), [7.001, 50]);
    expect(tail).toHaveLength(2);
    expect(withReport(tail, [7.00101, 50])).toBe(tail);
  });

  it("stays bounded, and keeps the newest and where it began", () => {
    let tail: readonly Position[] = [];
    for (let index = 0; index < 3 * TAIL_LIMIT; index += 1) {
      tail = withReport(tail, [index / 1000, 0]);
    }
    expect(tail.length).toBeLessThanOrEqual(TAIL_LIMIT);
    expect(tail[0]).toEqual([0, 0]);
    expect(tail.at(-1)).toEqual([(3 * TAIL_LIMIT - 1) / 1000, 0]);
  });
});
