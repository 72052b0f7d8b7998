import { expect, test } from "vitest";
import { freeId } from "./freeId";

test.each([
  [[], "mail"],
  [["mail"], "mail-2"],
  [["mail", "mail-2", "expo"], "mail-3"],
])("with %j taken it is %s", (taken, id) => {
  expect(freeId("mail", taken)).toBe(id);
});
