import { describe, expect, it } from "vitest";
import {
  between,
  boundsOf,
  distance,
  linesOf,
  type Position,
  project,
  ringOf,
  turnBetween,
  unwrapped,
} from "./geometry";

describe("boundsOf", () => {
  it("is nothing without a position", () => {
    expect(boundsOf([])).toBeNull();
  });

  it("is the position of a single one", () => {
    expect(boundsOf([[7, 50]])).toEqual([7, 50, 7, 50]);
  });

  it("holds all positions", () => {
    expect(boundsOf([[7, 50], [-3, 52], [9, 48]])).toEqual([-3, 48, 9, 52]); // biome-ignore format: a table
  });

  it("reaches over 180° where that is the shorter way", () => {
    expect(boundsOf([[179, -17], [-179, -16], [178, -18]])).toEqual([178, -18, 181, -16]); // biome-ignore format: a table
  });

  it("holds more positions than a call takes arguments", () => {
    const many = Array.from({ length: 200_000 }, (_, index): Position => [index / 1e4, 50]);
    expect(boundsOf(many)).toEqual([0, 50, 19.9999, 50]);
  });
});

describe("lines", () => {
  it("end where a point has no place", () => {
    const places = [1, 2, null, 3].map((each) => ({ latitude: each, longitude: each }));
    expect(linesOf(places)).toEqual([[[1, 1], [2, 2]], [[3, 3]]]); // biome-ignore format: a table
  });

  it("go past 180° without a leap", () => {
    const line: Position[] = [[179, 0], [-179, 0], [-178, 1], [179.5, 0]]; // biome-ignore format: a table
    expect(unwrapped([line])[0]?.map(([longitude]) => longitude)).toEqual([179, 181, 182, 179.5]);
  });
});

describe("between", () => {
  it("is half way", () => {
    expect(between([0, 0], [10, 20], 0.5)).toEqual([5, 10]);
  });

  it("takes the short way over 180°", () => {
    expect(between([179, 0], [-179, 0], 0.75)).toEqual([180.5, 0]);
  });

  it("turns by the smaller angle", () => {
    expect(turnBetween(350, 20, 0.5)).toBeCloseTo(5);
    expect(turnBetween(20, 350, 1)).toBeCloseTo(350);
  });
});

describe("distance", () => {
  it("is a degree of a meridian", () => {
    expect(distance([7, 50], [7, 51])).toBeCloseTo(111_195, -1);
  });

  it("is short over 180°", () => {
    expect(distance([179.9, 0], [-179.9, 0])).toBeCloseTo(22_239, -1);
  });
});

describe("project", () => {
  it("puts the origin into the middle, and the poles at the edges", () => {
    expect(project([0, 0])).toEqual([0.5, 0.5]);
    expect(project([180, 90])[1]).toBeCloseTo(0);
    expect(project([-180, -90])[1]).toBeCloseTo(1);
  });
});

describe("ringOf", () => {
  it("has its radius everywhere, and ends where it begins", () => {
    const centre: Position = [7, 50];
    const ring = ringOf(centre, 250);
    const off = ring.map((each) => Math.abs(distance(centre, each) - 250));
    expect(Math.max(...off)).toBeLessThan(1);
    expect(ring[0]).toEqual(ring[ring.length - 1]);
  });
});
