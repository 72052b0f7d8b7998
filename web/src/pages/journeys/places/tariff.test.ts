import { expect, test } from "vitest";
import type { TariffAnswer } from "../../../data/places";
import { bodyOf, DAYS, formOf, NEW_TARIFF, NIGHT, pathOf, problemsOf, readPrice } from "./tariff";

const ANSWER: TariffAnswer = {
  valid_from: "2026-01-01",
  free: false,
  energy_price: "0.34",
  bands: [{ price: "0.21", from: "22:00", until: "06:00", days: ["mon", "fri"] }],
  session_price: "0.50",
  minute_price: "0.10",
  free_minutes: 240,
};

test("a tariff goes into the form and comes out the same", () => {
  expect(bodyOf(formOf(ANSWER))).toEqual({
    energy_price: "0.34",
    bands: [{ price: "0.21", from: "22:00", until: "06:00", days: ["mon", "fri"] }],
    session_price: "0.50",
    minute_price: "0.10",
    free_minutes: 240,
  });
});

test("what costs nothing is an empty field, and is not sent", () => {
  const flat = { ...ANSWER, bands: [], session_price: "0", minute_price: "0.00", free_minutes: 0 };
  expect(formOf(flat)).toMatchObject({ sessionPrice: "", minutePrice: "", freeMinutes: "" });
  expect(bodyOf(formOf(flat))).toEqual({ energy_price: "0.34" });
});

test("free has no prices beside it", () => {
  expect(bodyOf({ ...formOf(ANSWER), isFree: true })).toEqual({ free: true });
  expect(problemsOf({ ...NEW_TARIFF, isFree: true, energyPrice: "much" })).toEqual([]);
});

test("a band of every day names none, in the order of the week else", () => {
  const bands = [
    { ...NIGHT, price: "0,21" },
    { ...NIGHT, price: "1", days: ["sun", "mon"] as const },
  ];
  const sent = bodyOf({
    ...NEW_TARIFF,
    bands: bands.map((band) => ({ ...band, days: [...band.days] })),
  });
  expect(sent.bands?.map(({ price, days }) => [price, days])).toEqual([
    ["0.21", null],
    ["1", ["mon", "sun"]],
  ]);
  expect(DAYS).toHaveLength(7);
});

test("prices keep their digits, and what is none is a problem", () => {
  expect(["0.3200", "0,32", " 1 "].map(readPrice)).toEqual(["0.3200", "0.32", "1"]);
  expect(["-1", "1e2", "", "1.2.3", "free"].map(readPrice)).toEqual([null, null, null, null, null]);
  const form = { ...NEW_TARIFF, energyPrice: "x", freeMinutes: "-5", bands: [NIGHT] };
  expect(problemsOf(form)).toEqual(["energyPrice", "freeMinutes", "bands"]);
  expect([pathOf(null), pathOf(""), pathOf("2026-01-01")]).toEqual([
    "always",
    "always",
    "2026-01-01",
  ]);
});
