import { describe, expect, it } from "vitest";
import { offLine, type Point, thinned } from "./thin";

describe("thinned", () => {
  it("keeps nothing of nothing, and a single point", () => {
    expect(thinned([], 1)).toEqual([]);
    expect(thinned([[1, 2]], 1)).toEqual([[1, 2]]);
  });

  it("leaves out what lies on the way", () => {
    expect(thinned([[0, 0], [5, 0.1], [10, 0]], 0.5)).toEqual([[0, 0], [10, 0]]); // biome-ignore format: a table
  });

  it("keeps a corner", () => {
    const corner: Point[] = [[0, 0], [5, 0], [10, 0], [10, 5], [10, 10]]; // biome-ignore format: a table
    expect(thinned(corner, 0.5)).toEqual([[0, 0], [10, 0], [10, 10]]); // biome-ignore format: a table
  });

  it("keeps a way there and back", () => {
    expect(thinned([[0, 0], [10, 0], [0, 0]], 0.5)).toHaveLength(3); // biome-ignore format: a table
  });

  it("leaves no point farther off than it may, and takes few", () => {
    const wave = Array.from({ length: 20_000 }, (_, x): Point => [x / 50, 40 * Math.sin(x / 900)]);
    const few = thinned(wave, 0.6);
    expect(few.length).toBeLessThan(200);
    let [at, most] = [1, 0];
    for (const point of wave) {
      while (at < few.length - 1 && (few[at]?.[0] ?? 0) < point[0]) at += 1;
      const [from, to] = [few[at - 1] ?? point, few[at] ?? point];
      most = Math.max(most, offLine(point, from, to));
    }
    expect(most).toBeLessThanOrEqual(0.6);
  });
});
