import { describe, expect, it } from "vitest";
import { withNews } from "./linkedPosition";

const BEFORE = {
  name: "Roadster",
  expires: "2026-11-27T20:00:00Z",
  time: null,
  age: null,
  is_stale: null,
  latitude: null,
  longitude: null,
  direction: null,
  speed: null,
};

describe("withNews", () => {
  it("has where the car is, and keeps whose link it is", () => {
    const after = withNews(BEFORE, '{"latitude": 50, "longitude": 7, "speed": 30}');
    expect(after).toMatchObject({ name: "Roadster", latitude: 50, longitude: 7 });
  });

  it("changes nothing by what cannot be read, and before there is something", () => {
    expect(withNews(BEFORE, "{")).toBe(BEFORE);
    expect(withNews(undefined, "{}")).toBeUndefined();
  });
});
