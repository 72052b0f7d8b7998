import { expect, test } from "vitest";
import { pageOf } from "./pageOf";

test.each([
  ["/cars/A/journeys/places/add", "/cars/A/journeys/places"],
  ["/cars/A/journeys/places/7/tariff/new", "/cars/A/journeys/places"],
  ["/cars/A/journeys/12/edit", "/cars/A/journeys/12"],
  ["/cars/add-other", "/cars"],
])("a dialog is no page of its own: %s", (address, page) => {
  expect(pageOf(address)).toBe(page);
});

test.each([
  "/",
  "/cars",
  "/cars/A",
  "/cars/A/journeys/places",
  "/cars/A/journeys/12",
  "/admin/log",
])("a page is a page: %s", (address) => {
  expect(pageOf(address)).toBe(address);
});

test("a slash at the end changes nothing", () => {
  expect(pageOf("/cars/A/journeys/places/")).toBe("/cars/A/journeys/places");
});
