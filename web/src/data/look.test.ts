import { expect, it } from "vitest";
import { parseLook } from "./look";

it("takes what is no look for the standard one", () => {
  const standard = parseLook(null);
  expect(parseLook("{")).toEqual(standard);
  expect(parseLook('{"body":1,"tint":"url(x)"}')).toEqual(standard);
  expect(parseLook('{"body":"van","tint":"#00ff00"}')).toEqual({ body: "van", tint: "#00ff00" });
});
