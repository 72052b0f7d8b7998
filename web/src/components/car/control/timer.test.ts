import { expect, it } from "vitest";
import { localTime, utcMinutes } from "./timer";

it("turns times here into minutes of UTC, and back", () => {
  expect(utcMinutes("22:30", -60)).toBe(21 * 60 + 30);
  expect(utcMinutes("00:15", -60)).toBe(23 * 60 + 15);
  expect(utcMinutes("20:00", 300)).toBe(60);
  expect(utcMinutes("soon", 0)).toBeNull();
  expect(localTime(21.5 * 3600, -60)).toBe("22:30");
  expect(localTime(3600, 300)).toBe("20:00");
  expect(localTime(null, 0)).toBe("");
});
