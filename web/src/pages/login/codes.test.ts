import { expect, test } from "vitest";
import { fromHash } from "./codes";

test.each([
  ["#code=abc", "abc"],
  ["#other=1&code=a%20b", "a b"],
  ["#abc", ""],
  ["", ""],
])("the code of %j", (hash, code) => {
  expect(fromHash(hash, "code")).toBe(code);
});
