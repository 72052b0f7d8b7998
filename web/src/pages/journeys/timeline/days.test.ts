import { expect, test } from "vitest";
import { daysBetween, localDay } from "../../../data/days";
import { byDay, byWeek, mondayOf } from "./days";

const at = (time: string) => ({ start: { time } });

test("a day is that of the owner's zone, not of UTC or of the device", () => {
  expect(localDay("2026-11-26T23:30:00Z", "Europe/Berlin")).toBe("2026-11-27");
  expect(localDay("2026-11-27T04:30:00Z", "America/New_York")).toBe("2026-11-26");
  expect(localDay("2026-11-27T12:00:00Z", "Pacific/Kiritimati")).toBe("2026-11-28");
});

test("journeys are by the day on which they began, today and yesterday by name", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  const times = [
    "2026-11-27T08:00Z",
    "2026-11-26T23:30Z",
    "2026-11-26T10:00Z",
    "2026-11-24T10:00Z",
    "2026-10-01T10:00Z",
  ];
  const days = byDay(times.map(at), "Europe/Berlin", now);
  expect(days.map(({ day, name, items }) => [day, name, items.length])).toEqual([
    ["2026-11-27", "today", 2],
    ["2026-11-26", "yesterday", 1],
    ["2026-11-24", "other", 1],
    ["2026-10-01", "other", 1],
  ]);
});

test("days are counted over a change of clocks, a month and a year", () => {
  expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
  expect(daysBetween("2025-12-31", "2026-01-01")).toBe(1);
  expect(daysBetween("2026-11-27", "2026-11-26")).toBe(-1);
});

test("after yesterday days are by their weeks, from Monday to Sunday, over the end of a year", () => {
  const now = Date.parse("2027-01-04T12:00:00Z");
  const times = ["01-04", "01-03", "01-02", "01-01"].map((day) => `2027-${day}T10:00Z`);
  const weeks = byWeek(byDay([...times, "2026-12-27T10:00Z"].map(at), "UTC", now));
  expect(weeks.map(({ monday, days }) => [monday, days.length])).toEqual([
    [null, 2],
    ["2026-12-28", 2],
    ["2026-12-21", 1],
  ]);
  expect([mondayOf("2026-11-23"), mondayOf("2026-11-29")]).toEqual(["2026-11-23", "2026-11-23"]);
});
