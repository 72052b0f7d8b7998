import { expect, test } from "vitest";
import type { ListedVehicle } from "../../data/live/types";
import { movingCar } from "./movingCar";

const CARS = [{ id: "DEMO" }, { id: "DEMO2" }];

function seen(is_on: boolean, is_online: boolean | null = true, is_stale = false): ListedVehicle {
  const state = { groups: { driving: { is_on, is_stale } } };
  return { state, presence: { is_online, since: null } } as unknown as ListedVehicle;
}

function shown(first: ListedVehicle, second: ListedVehicle, source: "live" | "stored" = "live") {
  const vehicles = new Map([
    ["DEMO", first],
    ["DEMO2", second],
  ]);
  return movingCar(CARS, { vehicles, source })?.id;
}

test("a car that drives now is shown, whichever of them it is", () => {
  expect(shown(seen(true), seen(false))).toBe("DEMO");
  expect(shown(seen(false), seen(true))).toBe("DEMO2");
  expect(shown(seen(false), seen(false))).toBeUndefined();
});

test("what was kept of an earlier visit, or is old, does not count", () => {
  expect(shown(seen(true), seen(false), "stored")).toBeUndefined();
  expect(shown(seen(true, null), seen(true))).toBe("DEMO2");
  expect(shown(seen(true, false), seen(true, true, true))).toBeUndefined();
});
