import { expect, test } from "vitest";
import { idProblem } from "./vehicleId";

test.each([
  ["", "empty"],
  ["MY CAR", "letters"],
  ["CAR/1", "letters"],
  ["A".repeat(32), "long"],
  ["MY-CAR1", null],
])("the id %j has the problem %s", (id, problem) => {
  expect(idProblem(id)).toBe(problem);
});
