import { expect, test } from "vitest";
import { panelsOf, timesOf } from "./panels";
import { paramsOf, RANGES, rangeName, spanOf, viewOf } from "./view";

const read = (text: string) => viewOf(new URLSearchParams(text));

test("without an address the last day of charge and power is shown", () => {
  const view = read("");
  expect(view).toMatchObject({ fields: ["soc", "battery_power", "charge_power"], span: null });
  expect(spanOf(view, 1_000_000)).toEqual({ since: 1_000_000 - 86_400, until: 1_000_000 });
  expect(rangeName(view)).toBe("day");
});

test("a view is what its address says", () => {
  for (const text of [
    "fields=soc&since=1000&until=2000",
    "fields=soc%2Cspeed&range=604800&earlier=86400",
  ]) {
    expect(paramsOf(read(text)).toString()).toBe(text);
  }
  expect(rangeName(read("range=604800"))).toBe("week");
  expect(rangeName(read("since=1000&until=2000"))).toBeNull();
});

test("spans that cannot be, and too many fields, are left out", () => {
  expect(read("since=2000&until=1000").span).toBeNull();
  expect(read("since=-5&until=x").span).toBeNull();
  expect(read("range=5").range).toBe(RANGES.day);
  expect(read("fields=a,b,b,c,d,e,f,g").fields).toEqual(["a", "b", "c", "d", "e", "f"]);
});

const values = (unit: string | null, ...last: (number | null)[]) => ({
  unit,
  last,
  min: last,
  max: last,
  mean: last,
});

const series = (fields: Record<string, ReturnType<typeof values>>) => ({
  since: "",
  until: "",
  width: 60,
  times: ["1970-01-01T00:01:00.000Z", "1970-01-01T00:02:00.000Z"],
  fields,
});

const words = { field: (name: string) => name, earlier: (name: string) => `${name} before` };

test("fields with one unit share an axis, and one that is not known has none", () => {
  const answer = series({
    a: values("kW", 1, 2),
    b: values("%", 5, 6),
    c: values("kW", 3, null),
    d: values(null, 4, 4),
  });
  const panels = panelsOf(["a", "b", "c", "d", "x"], answer, null, "light", words);
  expect(panels.map(({ unit, lines }) => [unit, lines.map(({ key }) => key)])).toEqual([
    ["kW", ["a", "c"]],
    ["%", ["b"]],
    [null, ["d"]],
  ]);
  expect(timesOf(answer)).toEqual([60, 120]);
});

test("an earlier span is drawn as dashes over the same times", () => {
  const before = series({ a: values("kW", 7) });
  const [panel] = panelsOf(["a"], series({ a: values("kW", 1, 2) }), before, "dark", words);
  expect(panel?.lines[1]).toMatchObject({ label: "a before", values: [7, null], isDashed: true });
});
