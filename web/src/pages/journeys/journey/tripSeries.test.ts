import { expect, test } from "vitest";
import type { TripPointAnswer } from "../../../data/api-types";
import { isKnown, seriesOf } from "./tripSeries";

function point(second: number, used: number | null, recovered: number | null = 0): TripPointAnswer {
  return {
    time: new Date(second * 1000).toISOString(),
    latitude: 48,
    longitude: 11,
    altitude: null,
    speed: 50,
    distance: 0,
    soc: 80,
    energy_used: used,
    energy_recovered: recovered,
  };
}

test("power is what the energies say, out of the battery and back", () => {
  const { power, times } = seriesOf([point(0, 0), point(60, 0.1), point(120, 0.1, 0.05)]);
  expect(times).toEqual([0, 60, 120]);
  expect(power.map((each) => (each === null ? null : Math.round(each * 100) / 100))).toEqual([
    null,
    6,
    -3,
  ]);
});

test("points that follow each other closely have the mean of twenty seconds", () => {
  const { power } = seriesOf([0, 5, 10, 15, 20, 25].map((each) => point(each, each / 1000)));
  expect(power.map((each) => (each === null ? null : Math.round(each * 10) / 10))).toEqual([
    null,
    null,
    null,
    null,
    3.6,
    3.6,
  ]);
});

test("without energies there is no power, and nothing that is drawn", () => {
  const { power, altitude, speed } = seriesOf([point(0, null), point(60, null)]);
  expect([isKnown(power), isKnown(altitude), isKnown(speed)]).toEqual([false, false, true]);
});
