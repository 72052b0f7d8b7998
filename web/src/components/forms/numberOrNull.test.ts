import { expect, test } from "vitest";
import { numberOrNull } from "./numberOrNull";

test.each([
  ["", null],
  [" ", null],
  ["0", 0],
  [30, 30],
])("the field %j is %s", (value, number) => {
  expect(numberOrNull(value)).toBe(number);
});
