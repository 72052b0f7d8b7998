import { expect, test } from "vitest";
import { momentsIn } from "./moments";

const now = Date.parse("2026-11-27T12:00:00Z");

test.each([
  ["2026-11-27T11:59:48Z", "12 seconds ago"],
  ["2026-11-27T11:58:30Z", "1 minute ago"],
  ["2026-11-27T02:00:00Z", "10 hours ago"],
  ["2026-11-20T12:00:00Z", "7 days ago"],
  ["2026-11-27T12:00:05Z", "0 seconds ago"],
])("%s was %s", (iso, words) => {
  expect(momentsIn("en").ago(iso, now)).toBe(words);
});

test.each([
  [0, "0 byte"],
  [999, "999 byte"],
  [1_240_000, "1.24 MB"],
  [5_000_000_000_000_000, "5,000 TB"],
])("%d bytes are %s", (count, words) => {
  expect(momentsIn("en").bytes(count)).toBe(words);
});

test("what is unknown is a dash", () => {
  const { moment, day, bytes, count } = momentsIn("de");
  expect([moment(null), day(null), bytes(null), count(null)]).toEqual(["–", "–", "–", "–"]);
});
