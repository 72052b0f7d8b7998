import { expect, test } from "vitest";
import type { JourneyAlerts } from "../../../data/api-types";
import { changesOf, optional } from "./rules";

const ALERTS: JourneyAlerts = {
  places: { is_on: false, entering: true, leaving: true, places: null },
  charge_stopped: { is_on: false },
  charge_missed: { is_on: false, start: "22:00", end: "23:00", below: 80, place: null },
  arrival_soc: { is_on: false, below: 20 },
  parked_loss: { is_on: false, days: 1, factor: 2 },
  service: {
    is_on: true,
    by_car: true,
    every_km: null,
    every_months: null,
    since_odometer: null,
    since_date: null,
    ahead_km: 1000,
    ahead_days: 30,
  },
};

test("only rules that were changed are sent", () => {
  expect(changesOf(ALERTS, structuredClone(ALERTS))).toEqual({});
  const form = { ...ALERTS, arrival_soc: { is_on: true, below: 15 } };
  expect(changesOf(ALERTS, form)).toEqual({ arrival_soc: { is_on: true, below: 15 } });
});

test("an empty field is nothing, and zero is a number", () => {
  expect([optional(""), optional(0), optional("20000")]).toEqual([null, 0, 20000]);
});
