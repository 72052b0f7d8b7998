// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";
import { listenToFingers } from "./gestures";

function chart() {
  const element = document.createElement("div");
  element.getBoundingClientRect = () => new DOMRect(100, 0, 200, 50);
  const onPoint = vi.fn();
  const onSpan = vi.fn();
  const end = listenToFingers(element, {
    span: () => ({ since: 0, until: 1000 }),
    onPoint,
    onSpan,
  });
  const touch = (type: string, pointerId: number, clientX: number, pointerType = "touch") =>
    element.dispatchEvent(new PointerEvent(type, { pointerId, clientX, pointerType }));
  return { touch, onPoint, onSpan, end };
}

test("one finger reads the chart, and its lifting ends that", () => {
  const { touch, onPoint, onSpan } = chart();
  touch("pointerdown", 1, 150);
  touch("pointermove", 1, 200);
  touch("pointerup", 1, 200);
  touch("pointermove", 1, 250);
  expect(onPoint.mock.calls).toEqual([[0.25], [0.5]]);
  expect(onSpan).not.toHaveBeenCalled();
});

test("two fingers zoom what they hold, and one that stays reads again", () => {
  const { touch, onPoint, onSpan } = chart();
  touch("pointerdown", 1, 150);
  touch("pointerdown", 2, 250);
  touch("pointermove", 1, 100);
  touch("pointermove", 2, 300);
  expect(onSpan.mock.lastCall).toEqual([{ since: 250, until: 750 }]);
  touch("pointerup", 2, 300);
  touch("pointermove", 1, 120);
  expect(onPoint.mock.lastCall).toEqual([0.1]);
});

test("a mouse is left to the plot, and nothing is heard after the end", () => {
  const { touch, onPoint, end } = chart();
  touch("pointerdown", 1, 150, "mouse");
  end();
  touch("pointerdown", 2, 150);
  expect(onPoint).not.toHaveBeenCalled();
});
