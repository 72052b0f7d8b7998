import { expect, test } from "vitest";
import { figuresIn } from "./figures";
import { type Preferences, parsePreferences, usualIn } from "./preferences";
import { unitOf } from "./units";

const METRIC: Preferences = { distance: "km", temperature: "C", pressure: "bar" };
const IMPERIAL: Preferences = { distance: "mi", temperature: "F", pressure: "psi" };

/** Blanks that break no line are written as plain ones here. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

test("figures have their unit, in the way of the language", () => {
  const english = figuresIn("en", METRIC);
  const german = figuresIn("de", METRIC);
  expect(plain(english.distance(1234))).toBe("1,234 km");
  expect(plain(german.distance(1234))).toBe("1.234 km");
  expect(plain(german.power(6.94))).toBe("6,9 kW");
  expect(plain(english.pressure(250))).toBe("2.5 bar");
});

test("figures are in the units that somebody likes", () => {
  const figures = figuresIn("en", IMPERIAL);
  expect(plain(figures.distance(160.9344))).toBe("100 mi");
  expect(plain(figures.speed(80.4672))).toBe("50 mph");
  expect(plain(figures.temperature(-40))).toBe("-40 °F");
  expect(plain(figures.temperature(20))).toBe("68 °F");
  expect(plain(figures.pressure(250))).toBe("36 psi");
  expect(plain(figures.consumption(20))).toBe("32.2 kWh/100 mi");
});

test("unknown is a dash, and no nought; also what would be estimated", () => {
  const figures = figuresIn("en", METRIC);
  expect(figures.distance(null)).toBe("–");
  expect(figures.temperature(undefined)).toBe("–");
  expect(figures.duration(null)).toBe("–");
  expect(figures.estimated(figures.distance(null))).toBe("–");
  expect(plain(figures.estimated(figures.distance(214)))).toBe("≈ 214 km");
  expect(plain(figures.percent(0))).toBe("0 %");
});

test("ages count in one unit, and never below nought", () => {
  const { age } = figuresIn("en", METRIC);
  const ages = [-5, 4, 59, 60, 3599, 3600, 47 * 3600, 48 * 3600].map((s) =>
    age(0, s * 1000).replace("\u00a0", " "),
  );
  expect(ages).toEqual(["0 s", "4 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 days"]);
});

test("what is entered in a liked unit comes back in that of the API", () => {
  for (const kind of ["distance", "speed", "temperature", "pressure", "consumption"] as const) {
    for (const likes of [METRIC, IMPERIAL]) {
      const { from, to } = unitOf(kind, likes);
      expect(to(from(12.5))).toBeCloseTo(12.5);
    }
  }
});

test("units are those of the region until somebody chooses", () => {
  expect(usualIn("en-US")).toEqual(IMPERIAL);
  expect(usualIn("en-GB")).toEqual({ distance: "mi", temperature: "C", pressure: "psi" });
  expect(usualIn("de")).toEqual(METRIC);
  expect(usualIn("no language!")).toEqual(METRIC);
});

test("what this device keeps of preferences may be anything", () => {
  expect(parsePreferences('{"distance":"mi"}', METRIC)).toEqual({ ...METRIC, distance: "mi" });
  for (const text of [null, "", "{", "null", "7", '{"distance":"furlong","pressure":3}']) {
    expect(parsePreferences(text, METRIC)).toEqual(METRIC);
  }
});
