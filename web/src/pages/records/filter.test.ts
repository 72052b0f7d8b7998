import { expect, test } from "vitest";
import { filterOf, paramsOf, shownOf, valueText } from "./filter";

const shown = (text: string) => shownOf(new URLSearchParams(text));

test("an address without a type shows no records", () => {
  expect(shown("number=7")).toBeNull();
});

test("an address and what it shows", () => {
  const text = "type=*-LOG-Trip&number=-7&since=2026-11-26&until=2026-11-27&order=oldest";
  const asked = shown(text);
  expect(asked).toEqual({
    type: "*-LOG-Trip",
    number: -7,
    since: "2026-11-26",
    until: "2026-11-27",
    isOldestFirst: true,
  });
  if (asked === null) throw new Error("it names a type");
  expect(String(paramsOf(asked))).toBe(text);
  expect(filterOf(asked, "Europe/Berlin")).toEqual({
    type: "*-LOG-Trip",
    order: "oldest",
    number: -7,
    since: "2026-11-25T23:00:00.000Z",
    until: "2026-11-27T23:00:00.000Z",
  });
});

test("what makes no sense in an address is left out", () => {
  expect(shown("type=X&number=seven&since=yesterday&until=2026-99-99&order=none")).toEqual({
    type: "X",
    number: null,
    since: null,
    until: null,
    isOldestFirst: false,
  });
});

test.each([
  [null, undefined, "–"],
  ["", "km", "–"],
  [0, "km", "0\u00a0km"],
  [1234.56789, undefined, "1,234.56789"],
  ["moving", undefined, "moving"],
  [true, undefined, "true"],
  [[1, null], "°C", "1\u00a0°C, –"],
  [{ a: 1 }, undefined, '{"a":1}'],
])("the value %j in %s", (value, unit, text) => {
  expect(valueText(value, unit, "en")).toBe(text);
});
