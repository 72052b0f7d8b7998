import { describe, expect, it } from "vitest";
import { glideOn, looksSame, type Placement, placementAt, standing } from "./glide";

const at = (longitude: number, direction: number | null = 90): Placement => ({
  position: [longitude, 0],
  direction,
});

describe("a glide", () => {
  it("takes as long as the time between two reports", () => {
    const glide = glideOn(standing(at(0), 1000), at(0.001), 2000);
    expect(placementAt(glide, 2000).position[0]).toBe(0);
    expect(placementAt(glide, 2500).position[0]).toBeCloseTo(0.0005);
    expect(placementAt(glide, 3000)).toEqual(at(0.001));
    expect(placementAt(glide, 9000)).toEqual(at(0.001));
  });

  it("goes on from where the car is seen", () => {
    const first = glideOn(standing(at(0), 0), at(0.001), 1000);
    const second = glideOn(first, at(0.002), 1500);
    expect(placementAt(second, 1500).position[0]).toBeCloseTo(0.0005);
  });

  it("is short after a long silence", () => {
    expect(glideOn(standing(at(0), 0), at(0.001), 60_000).length).toBe(5000);
  });

  it("is none where the car is far from where it was", () => {
    const glide = glideOn(standing(at(0), 0), at(1), 1000);
    expect(placementAt(glide, 1000)).toEqual(at(1));
  });

  it("turns sooner than it arrives, and to an unknown direction at once", () => {
    const glide = glideOn(standing(at(0, 350), 0), at(0.001, 20), 900);
    expect(placementAt(glide, 1050).direction).toBeCloseTo(5);
    expect(placementAt(glide, 1300).direction).toBeCloseTo(20);
    const unknown = glideOn(standing(at(0, 350), 0), at(0.001, null), 900);
    expect(placementAt(unknown, 1000).direction).toBeNull();
  });
});

describe("looksSame", () => {
  it("holds below half a pixel and a degree", () => {
    const pixel = 360 / 512 / 2 ** 15;
    expect(looksSame(at(0), at(0.4 * pixel), 15)).toBe(true);
    expect(looksSame(at(0), at(0.6 * pixel), 15)).toBe(false);
    expect(looksSame(at(0), at(0.4 * pixel), 16)).toBe(false);
    expect(looksSame(at(0, 359.8), at(0, 0.4), 15)).toBe(true);
    expect(looksSame(at(0, 90), at(0, 92), 15)).toBe(false);
    expect(looksSame(at(0, null), at(0, 90), 15)).toBe(false);
  });
});
