import { describe, expect, it } from "vitest";
import { drawingOf, type Size } from "./drawing";
import type { Line } from "./geometry";

const SIZE: Size = { width: 160, height: 96, margin: 12 };

const numbersOf = (path: string) => (path.match(/-?[\d.]+/g) ?? []).map(Number);

describe("drawingOf", () => {
  it("is nothing without a point", () => {
    expect(drawingOf([], SIZE)).toBeNull();
    expect(drawingOf([[]], SIZE)).toBeNull();
  });

  it("fills the longer side, north up", () => {
    const drawing = drawingOf([[[7, 50], [7, 51]]], SIZE); // biome-ignore format: a table
    expect(drawing?.start).toEqual([80, 84]);
    expect(drawing?.end).toEqual([80, 12]);
  });

  it("stays in its size over 180°", () => {
    const line: Line = [[179.9, -17], [-179.9, -17.05], [-179.7, -17]]; // biome-ignore format: a table
    const drawing = drawingOf([line], SIZE);
    expect(drawing?.start[0]).toBeCloseTo(12);
    expect(drawing?.end[0]).toBeCloseTo(148);
    for (const each of numbersOf(drawing?.path ?? "")) expect(each).toBeLessThan(150);
  });

  it("puts a car that stands into the middle, and does not blow its noise up", () => {
    const drawing = drawingOf([[[7, 50], [7.000001, 50]]], SIZE); // biome-ignore format: a table
    expect(Math.abs((drawing?.start[0] ?? 0) - 80)).toBeLessThan(1);
    expect(drawing?.start[1]).toBeCloseTo(48);
  });

  it("begins anew after a gap", () => {
    const drawing = drawingOf([[[7, 50], [7, 51]], [[8, 50], [8, 51]]], SIZE); // biome-ignore format: a table
    expect(drawing?.path.match(/M/g)).toHaveLength(2);
  });
});
