import { describe, expect, it } from "vitest";
import { placeAddress } from "./placeAddress";

describe("placeAddress", () => {
  it("says where, to about a metre", () => {
    expect(placeAddress("CAR 1", [7.1234567, -50.5])).toBe(
      "/cars/CAR%201/journeys/places/add?latitude=-50.50000&longitude=7.12346",
    );
  });

  it("is the same place on a world that is seen again", () => {
    expect(placeAddress("A", [367, 0])).toContain("longitude=7.00000");
    expect(placeAddress("A", [-181, 0])).toContain("longitude=179.00000");
  });
});
