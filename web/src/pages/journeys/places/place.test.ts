import { expect, test } from "vitest";
import { bodyOf, newForm, readDegrees } from "./place";

const form = (text: string) => newForm(new URLSearchParams(text));

test("a new place is where the address says, of a radius that may be", () => {
  expect(form("latitude=48.2&longitude=-11.6&radius=250.4")).toMatchObject({
    latitude: "48.2",
    longitude: "-11.6",
    radius: 250,
  });
  expect(form("radius=1e9").radius).toBe(100);
});

test("degrees are on the globe, with a comma or a point", () => {
  expect(readDegrees("-11,65", 180)).toBe(-11.65);
  expect(["91", "", "north", "--1"].map((each) => readDegrees(each, 90))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test("a place is sent once it has a name and a position", () => {
  const whole = { ...form("latitude=48&longitude=11"), name: " Home ", isHome: true };
  expect(bodyOf(whole)).toEqual({
    name: "Home",
    latitude: 48,
    longitude: 11,
    radius: 100,
    is_home: true,
    currency: null,
    zone: null,
  });
  const abroad = { ...whole, currency: " chf", zone: "Europe/Zurich" };
  expect(bodyOf(abroad)).toMatchObject({ currency: "CHF", zone: "Europe/Zurich" });
  expect(bodyOf({ ...whole, name: " " })).toBeNull();
  expect(bodyOf({ ...whole, latitude: "" })).toBeNull();
});
