import { expect, test } from "vitest";
import { startOfDay } from "../../../data/days";
import { hasPurpose, paramsOf, queryOf, shownOf } from "./filter";

const read = (text: string) => shownOf(new URLSearchParams(text));

test("what an address asks for is what it is written from", () => {
  const text = "kind=trip&purpose=business&place=3&since=2026-11-01&until=2026-11-27";
  expect(paramsOf(read(text)).toString()).toBe(text);
  expect(paramsOf(read("")).toString()).toBe("");
});

test("what makes no sense in an address is left out", () => {
  expect(paramsOf(read("kind=flight&purpose=x&place=home&since=today&until=2026-19-40")).size).toBe(
    0,
  );
});

test("a day begins by the clocks of the owner's zone, also when they change", () => {
  expect(startOfDay("2026-11-27", "Europe/Berlin")).toBe("2026-11-26T23:00:00.000Z");
  expect(startOfDay("2026-03-29", "Europe/Berlin")).toBe("2026-03-28T23:00:00.000Z");
  expect(startOfDay("2026-03-30", "Europe/Berlin")).toBe("2026-03-29T22:00:00.000Z");
  expect(startOfDay("2026-11-01", "America/New_York")).toBe("2026-11-01T04:00:00.000Z");
  expect(startOfDay("2026-11-27", "Pacific/Auckland")).toBe("2026-11-26T11:00:00.000Z");
});

test("the last day is asked for whole, and a purpose asks for trips", () => {
  const query = queryOf(read("purpose=private&since=2026-11-26&until=2026-11-27"), "UTC");
  expect(query).toMatchObject({
    kind: ["trip"],
    since: "2026-11-26T00:00:00.000Z",
    until: "2026-11-28T00:00:00.000Z",
  });
});

test("a trip that nobody has called business or private is neither", () => {
  expect(hasPurpose({ purpose: null }, "none")).toBe(true);
  expect(hasPurpose({ purpose: null }, "private")).toBe(false);
  expect(hasPurpose({ purpose: "private" }, "private")).toBe(true);
  expect(hasPurpose({ purpose: "private" }, null)).toBe(true);
});
