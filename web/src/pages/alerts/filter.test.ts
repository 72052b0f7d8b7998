import { expect, test } from "vitest";
import { isNew, paramsOf, sectionsOf, shownOf } from "./filter";

test.each([
  ["", { kind: null, ofAll: false }],
  ["kind=error&cars=all", { kind: "error", ofAll: true }],
  ["kind=nothing&cars=one", { kind: null, ofAll: false }],
])("the address ?%s", (text, shown) => {
  expect(shownOf(new URLSearchParams(text))).toEqual(shown);
  expect(shownOf(paramsOf(shownOf(new URLSearchParams(text))))).toEqual(shown);
});

test("without a mark nothing is new", () => {
  const alert = { time: "2026-11-27T10:00:00.000Z" };
  expect(isNew(alert, undefined)).toBe(false);
  expect(isNew(alert, null)).toBe(false);
  expect(isNew(alert, alert.time)).toBe(false);
  expect(isNew(alert, "2026-11-27T09:59:59.000Z")).toBe(true);
});

test("the new ones come first, then a day each in the reader's zone", () => {
  const alerts = [
    { time: "2026-11-27T10:00:00Z", isNew: true },
    { time: "2026-11-26T23:30:00Z", isNew: false },
    { time: "2026-11-26T20:00:00Z", isNew: false },
    { time: "2026-11-20T20:00:00Z", isNew: false },
  ];
  const sections = sectionsOf(alerts, "Europe/Berlin", Date.parse("2026-11-27T12:00:00Z"));
  expect(sections.map(({ key, name, items }) => [key, name, items.length])).toEqual([
    ["new", "new", 1],
    ["2026-11-27", "today", 1],
    ["2026-11-26", "yesterday", 1],
    ["2026-11-20", "day", 1],
  ]);
});
