import { describe, expect, it } from "vitest";
import { covers, gridOf, stepOf } from "./gridLines";

describe("stepOf", () => {
  it("keeps lines apart by something that people count in", () => {
    expect([0, 4, 10, 14, 22].map(stepOf)).toEqual([30, 5, 0.1, 0.005, 0.0005]);
  });
});

describe("gridOf", () => {
  it("covers what the map shows, and half as much at each side", () => {
    const { geometry } = gridOf({ bounds: [7, 50, 8, 51], zoom: 10 });
    const lines = geometry.type === "MultiLineString" ? geometry.coordinates : [];
    expect(lines).toHaveLength(42);
    expect(Math.min(...lines.flat().map(([east = 0]) => east))).toBeCloseTo(6.5);
    expect(Math.max(...lines.flat().map(([, north = 0]) => north))).toBeCloseTo(51.5);
  });

  it("ends at the edge of the map, also where the world is seen several times", () => {
    const { geometry } = gridOf({ bounds: [-400, -89, 400, 89], zoom: 0 });
    const lines = geometry.type === "MultiLineString" ? geometry.coordinates : [];
    for (const [, north = 0] of lines.flat()) expect(Math.abs(north)).toBeLessThan(85.1);
    expect(lines.length).toBeLessThan(100);
  });
});

describe("covers", () => {
  const drawn = { bounds: [7, 50, 8, 51], zoom: 10 } as const;

  it("holds while a map that follows a car shows lines that are drawn", () => {
    expect(covers(drawn, { bounds: [7.4, 50.4, 8.4, 51.4], zoom: 10 })).toBe(true);
    expect(covers(drawn, { bounds: [7.6, 50, 8.6, 51], zoom: 10 })).toBe(false);
    expect(covers(drawn, { bounds: [7, 49.4, 8, 50.4], zoom: 10 })).toBe(false);
  });

  it("ends with another step between two lines", () => {
    expect(covers(drawn, { bounds: [7.4, 50.4, 7.6, 50.6], zoom: 12 })).toBe(false);
  });

  it("does not ask for lines beyond the edge of the map", () => {
    const world = { bounds: [-180, -85, 180, 85], zoom: 0 } as const;
    expect(covers(world, { bounds: [-180, -89, 180, 89], zoom: 0 })).toBe(true);
  });
});
