import { expect, it } from "vitest";
import { freshnessOf } from "./freshness";
import { NOW, TIME } from "./groups.fixture";

const group = { time: TIME, is_stale: false };
const after = (seconds: number) => NOW + seconds * 1000;

it("is late past its usual interval, which is longer where nobody watches", () => {
  expect(freshnessOf("battery", group, after(60), true)).toBe("fresh");
  expect(freshnessOf("battery", group, after(120), true)).toBe("late");
  expect(freshnessOf("battery", group, after(120), false)).toBe("fresh");
  expect(freshnessOf("battery", group, after(900), false)).toBe("late");
});

it("is old when it is stale, and never late where a car says it once", () => {
  expect(freshnessOf("battery", { ...group, is_stale: true }, after(120), true)).toBe("old");
  expect(freshnessOf("module", group, after(90_000), true)).toBe("fresh");
});

it("is kept, not old, when a car has just repeated what it knew before it fell asleep", () => {
  expect(freshnessOf("tyres", { ...group, is_stale: true }, after(1), true)).toBe("kept");
});
