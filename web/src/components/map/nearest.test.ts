import { describe, expect, it } from "vitest";
import type { Placed, Position } from "./geometry";
import { nearestOnScreen } from "./nearest";

const POINTS: Placed[] = [
  { latitude: 0, longitude: 0 },
  { latitude: null, longitude: null },
  { latitude: 0, longitude: 50 },
];
const project = ([x, y]: Position) => ({ x, y });

describe("nearestOnScreen", () => {
  it("is the point nearest to the pointer, counted with the gaps", () => {
    expect(nearestOnScreen(POINTS, { x: 30, y: 5 }, project)).toBe(2);
    expect(nearestOnScreen(POINTS, { x: 20, y: 5 }, project)).toBe(0);
  });

  it("is none far from all", () => {
    expect(nearestOnScreen(POINTS, { x: 200, y: 0 }, project)).toBeNull();
    expect(nearestOnScreen([], { x: 0, y: 0 }, project)).toBeNull();
  });
});
