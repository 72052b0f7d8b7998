import { expect, test } from "vitest";
import { ticks } from "../../../components/charts/Scatter";
import { amountIn, currenciesOf, keysBetween } from "./months";

test("months and years in which nothing was are there, too", () => {
  expect(keysBetween(["2026-02", "2025-11"])).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
  expect(keysBetween(["2024", "2026"])).toEqual(["2024", "2025", "2026"]);
  expect(keysBetween(["2026-11"])).toEqual(["2026-11"]);
  expect(keysBetween([])).toEqual([]);
});

test("costs are told by currency", () => {
  const euro = { amount: "50.05", currency: "EUR" };
  const pound = { amount: "3.00", currency: "GBP" };
  expect(currenciesOf([[pound], [euro], [euro, pound], [euro]])).toEqual(["EUR", "GBP"]);
  const charges = { costs: [euro], incomplete: [] };
  expect([amountIn(charges, "EUR"), amountIn(charges, "GBP")]).toEqual([50.05, 0]);
  expect(amountIn({ costs: [], incomplete: ["costs"] }, "EUR")).toBeNull();
});

test("an axis has round numbers", () => {
  expect(ticks(-6.2, 14.1)).toEqual([0, 10]);
  expect(ticks(14.9, 22.3)).toEqual([16, 18, 20, 22]);
});
