import { expect, test } from "vitest";
import { csvOf, valueAt } from "./chart";
import { colourOf } from "./colours";
import { makeFormat, UNKNOWN } from "./format";
import { lonely, rangeOf, timeLabel } from "./plotOptions";
import { isFleeting, segmentsOf } from "./segments";
import { nearest, pinched, zoomed } from "./span";

const METRIC = { distance: "km", temperature: "C", pressure: "bar" } as const;
const english = makeFormat("en-GB", "Europe/Berlin", METRIC);
const american = makeFormat("en-US", "America/New_York", {
  distance: "mi",
  temperature: "F",
  pressure: "psi",
});
const minutes = (...times: number[]) => times.map((each) => each * 60);

test("a value that stays is carried on as dashes, and is told where news came soon", () => {
  const times = minutes(0, 5, 10, 40, 70, 100);
  const values = [80, null, 79, null, null, 78];
  const { told, held } = segmentsOf(values, { isFleeting: false, times });
  expect(told).toEqual([80, 80, 79, null, null, 78]);
  expect(held).toEqual([null, null, 79, 79, 79, 79]);
});

test("a speed says nothing of later, unless the car stood", () => {
  const times = minutes(0, 30, 60, 90);
  const options = { isFleeting: true, times };
  expect(segmentsOf([50, null, 40, null], options).held).toEqual([null, null, null, null]);
  expect(segmentsOf([0, null, 40, null], options).held).toEqual([0, 0, 0, null]);
  expect(isFleeting("speed") && isFleeting("L.speed") && isFleeting("charge_power")).toBe(true);
  expect(isFleeting("soc") || isFleeting("odometer")).toBe(false);
});

test("before the first and after the last word there is nothing", () => {
  const { told, held } = segmentsOf([null, 5, null], {
    isFleeting: false,
    times: minutes(0, 1, 2),
  });
  expect([told, held]).toEqual([
    [null, 5, null],
    [null, null, null],
  ]);
});

test("zooming keeps what is under the pointer, within bounds", () => {
  expect(zoomed({ since: 0, until: 1000 }, 0.5, 0.25)).toEqual({ since: 125, until: 625 });
  expect(zoomed({ since: 0, until: 200 }, 0.01)).toEqual({ since: 40, until: 160 });
});

test("what two fingers hold stays under them", () => {
  const span = { since: 0, until: 1000 };
  expect(pinched(span, [0.25, 0.75], [0, 1])).toEqual({ since: 250, until: 750 });
  expect(pinched(span, [0.6, 0.4], [0.5, 0.7])).toEqual({ since: -100, until: 900 });
});

test("the nearest moment is found", () => {
  expect([nearest([0, 10, 20], 14), nearest([0, 10, 20], 16), nearest([0, 10], 99)]).toEqual([
    1, 2, 1,
  ]);
  expect([nearest([], 5), nearest([7], 5), nearest([0, 10], -5)]).toEqual([null, 0, 0]);
});

test("a number never stands without its unit, in the reader's units and signs", () => {
  expect(english.quantity(12.34, "km")).toBe("12.3\u00a0km");
  expect(american.quantity(16.09344, "km")).toBe("10.0\u00a0mi");
  expect(american.quantity(0, "°C")).toBe("32\u00a0°F");
  expect(american.quantity(16, "kWh/100 km")).toBe("25.7\u00a0kWh/100 mi");
  expect(american.quantity(100, "m")).toBe("328\u00a0ft");
  expect(english.quantity(36.26, "psi", { digits: 1 })).toBe("2.5\u00a0bar");
  expect(english.quantity(null, "km")).toBe(UNKNOWN);
  expect(english.quantity(5, "kWh", { isEstimated: true })).toBe("≈\u00a05.0\u00a0kWh");
  const german = makeFormat("de-DE", "UTC", METRIC);
  expect(german.quantity(1234.5, "km")).toBe("1.234,5\u00a0km");
});

test("durations are in what people say", () => {
  const say = english.duration;
  expect([say(42), say(600), say(3900), say(40 * 3600), say(100 * 3600), say(null)]).toEqual([
    "42\u00a0s",
    "10\u00a0min",
    "1\u00a0h 5\u00a0min",
    "40\u00a0h 0\u00a0min",
    "4\u00a0d 4\u00a0h",
    UNKNOWN,
  ]);
});

test("an axis says the hour of the owner's zone, and the date where a day begins", () => {
  const midnight = Date.parse("2026-11-26T23:00:00Z") / 1000;
  expect(timeLabel(midnight, 3600, english)).toBe("27 Nov");
  expect(timeLabel(midnight + 3600, 3600, english)).toBe("01:00");
  expect(timeLabel(midnight, 30 * 86_400, english)).toBe("Nov 26");
});

test("an axis of percents ends at 100, and a flat line has room", () => {
  expect(rangeOf(20, 100, "%")).toEqual([0, 100.5]);
  expect(rangeOf(12.6, 12.6, "V")[0]).toBeLessThan(12.6);
  expect(rangeOf(null, null, "V")).toEqual([0, 1]);
});

test("a quantity has the same colour everywhere, also one without its own", () => {
  expect(colourOf("soc", "dark")).toBe("#2fb676");
  expect(colourOf("tyre_pressure", "light")).toBe(colourOf("tyre_pressure", "light"));
});

test("CSV has units in its heads, and leaves empty what is unknown", () => {
  const line = { key: "v", label: 'Speed, "true"', colour: "", values: [16.09344, null] };
  const panels = [{ key: "speed", unit: "km/h", lines: [line] }];
  expect(csvOf([0, 60], panels, american)).toBe(
    'time,"Speed, ""true"" [mph]"\r\n1970-01-01T00:00:00.000Z,10\r\n1970-01-01T00:01:00.000Z,\r\n',
  );
  expect([valueAt(line, 1), valueAt(line, null)]).toEqual([null, 16.09344]);
});

test("a value without neighbours is not lost: it is drawn as a point", () => {
  expect(lonely([1, null, 2, 3, null, 4], [])).toEqual([0, 5]);
  expect(lonely([1, null, 7, null], [1, 1, 1, null])).toEqual([]);
});
