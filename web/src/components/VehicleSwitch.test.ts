import { expect, test } from "vitest";
import { nameOf, samePage } from "./VehicleSwitch";

test("a car without a name is called by its id", () => {
  expect(nameOf({ id: "CAR1", name: "" })).toBe("CAR1");
  expect(nameOf({ id: "CAR1", name: "Commuter" })).toBe("Commuter");
});

test("another car opens on the page that one looks at, and not on what is the first car's own", () => {
  expect(samePage("/cars/CAR1", "CAR 2")).toBe("/cars/CAR%202");
  expect(samePage("/cars/CAR1/map", "CAR2")).toBe("/cars/CAR2/map");
  expect(samePage("/cars/CAR1/journeys/17", "CAR2")).toBe("/cars/CAR2/journeys");
  expect(samePage("/more", "CAR2")).toBe("/cars/CAR2");
});
