import { expect, it } from "vitest";
import { BODIES, bodyOf, chargePort, headlight, SHAPES, WIDTH } from "./shapes";

it("keeps all parts of each shape within its body, in order from rear to front", () => {
  for (const body of BODIES) {
    const shape = SHAPES[body];
    const along = [shape.rear, shape.back[0], shape.back[1], shape.screen[1], shape.screen[0]];
    expect(
      [...along].sort((a, b) => a - b),
      body,
    ).toEqual(along);
    expect(shape.front, body).toBeGreaterThan(shape.screen[0] + 20);
    expect(shape.front, body).toBeLessThan(WIDTH);
    expect(headlight(shape).x, body).toBeLessThan(shape.front);
    expect(chargePort(shape).x, body).toBeGreaterThan(shape.rear);
    for (const [rear, front] of shape.doors) expect(rear, body).toBeLessThan(front);
  }
});

it("takes a shape that it does not know for a hatchback", () => {
  expect(bodyOf("airship")).toBe("hatchback");
  expect(bodyOf("van", "TR")).toBe("van");
  expect(bodyOf("", "TR")).toBe("roadster");
});
