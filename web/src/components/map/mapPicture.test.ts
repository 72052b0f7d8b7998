import { afterEach, expect, test, vi } from "vitest";
import { coloursOf } from "./colours";
import { pictureOfMap } from "./mapPicture";

type Call = [name: string, ...unknown[]];

/** Stand for a canvas of the page; note what is drawn on it. */
function fakeCanvas() {
  const calls: Call[] = [];
  const note =
    (name: string) =>
    (...given: unknown[]) => {
      calls.push([name, ...given]);
    };
  const names = [
    "drawImage",
    "scale",
    "beginPath",
    "arc",
    "fill",
    "stroke",
    "fillRect",
    "fillText",
  ];
  const context = {
    ...Object.fromEntries(names.map((name) => [name, note(name)])),
    measureText: (text: string) => ({ width: 6 * text.length }),
  };
  const canvas = { width: 0, height: 0, getContext: () => context };
  vi.stubGlobal("document", { createElement: () => canvas });
  return { canvas, calls, of: (name: string) => calls.filter(([each]) => each === name) };
}

/** A map of 300 by 200 pixels on a screen of twice as many; its pixels last while it renders. */
function fakeMap() {
  const shown = { width: 600, height: 400, clientWidth: 300 };
  let render: () => void = () => undefined;
  const map = {
    once: (_event: string, listener: () => void) => {
      render = listener;
    },
    triggerRepaint: () => render(),
    getCanvas: () => shown,
    project: ([x, y]: [number, number]) => ({ x, y }),
  };
  return { map: map as unknown as Parameters<typeof pictureOfMap>[0], shown };
}

afterEach(() => vi.unstubAllGlobals());

test("a map is saved as large as it is shown, with its ends and its makers", async () => {
  const { canvas, of } = fakeCanvas();
  const { map, shown } = fakeMap();
  const colours = coloursOf("light");
  const given = { start: [10, 20], end: [30, 40], attribution: "© Somebody", colours } as const;
  expect(await pictureOfMap(map, given)).toBe(canvas);
  expect([canvas.width, canvas.height]).toEqual([600, 400]);
  expect(of("drawImage")).toEqual([["drawImage", shown, 0, 0]]);
  expect(of("scale")).toEqual([["scale", 2, 2]]);
  expect(of("arc").map(([, x, y]) => [x, y])).toEqual([
    [10, 20],
    [30, 40],
  ]);
  const [[, text, left = 0, bottom = 0] = []] = of("fillText");
  expect(text).toBe("© Somebody");
  expect(Number(left) + 60).toBeLessThanOrEqual(300);
  expect(Number(bottom)).toBeLessThanOrEqual(200);
});

test("without tiles nobody is named, and a track without a place has no ends", async () => {
  const { of } = fakeCanvas();
  const { map } = fakeMap();
  await pictureOfMap(map, { start: null, end: null, attribution: "", colours: coloursOf("dark") });
  expect(of("drawImage")).toHaveLength(1);
  expect([...of("arc"), ...of("fillText"), ...of("fillRect")]).toEqual([]);
});
