import { expect, it } from "vitest";
import { historyOf, step } from "./lineHistory";

it("goes back through the lines and returns to what was being typed", () => {
  const first = step(historyOf(["help", "stat"]), -1, "loc");
  expect(first.line).toBe("stat");
  const second = step(first.history, -1, first.line);
  expect(second.line).toBe("help");
  expect(step(second.history, -1, second.line).line).toBe("help");
  const back = step(second.history, 1, second.line);
  expect(back.line).toBe("stat");
  expect(step(back.history, 1, back.line).line).toBe("loc");
});
