import { expect, test } from "vitest";
import { besideOf } from "./useBeside";

test("the car and its map are beside what is about something else", () => {
  expect(besideOf("/cars/CAR1/journeys", "CAR1")).toEqual({ isMapOnly: false });
  expect(besideOf("/cars/CAR1/journeys/17", "CAR1")).toEqual({ isMapOnly: false });
  expect(besideOf("/account/tokens", "CAR1")).toEqual({ isMapOnly: false });
  expect(besideOf("/cars/CAR1", "CAR1")).toEqual({ isMapOnly: true });
});

test("nothing is beside the map, all cars, the set-up, and a car of another server", () => {
  expect(besideOf("/cars/CAR1/map", "CAR1")).toBeNull();
  expect(besideOf("/cars", "CAR1")).toBeNull();
  expect(besideOf("/setup/module/CAR2", "CAR1")).toBeNull();
  expect(besideOf("/cars/add-other", "CAR1")).toBeNull();
  expect(besideOf("/cars/~1/controls", "~1")).toBeNull();
});
