import { expect, test } from "vitest";
import { safeNext } from "./LoginPage";

test("the log-in leads to pages of this app only", () => {
  expect(safeNext("/cars/CAR1/map?day=1")).toBe("/cars/CAR1/map?day=1");
  for (const bad of [null, "", "//evil.example", "/\\evil.example", "https://evil.example", "x"]) {
    expect(safeNext(bad)).toBe("/");
  }
});
