import { expect, test } from "vitest";
import { fromLocal, toLocal } from "./localTime";

test("a moment comes back from a field as it went in", () => {
  const iso = "2026-11-27T12:34:00.000Z";
  expect(fromLocal(toLocal(iso))).toBe(iso);
});

test("an empty field is no moment", () => {
  expect(toLocal(null)).toBe("");
  expect(fromLocal("")).toBeNull();
});
