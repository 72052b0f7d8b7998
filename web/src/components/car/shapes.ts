// Shapes of cars from above, the nose to the right. One drawing serves all of them.

export const BODIES = ["hatchback", "saloon", "roadster", "suv", "van"] as const;

export type Body = (typeof BODIES)[number];

/** The picture's size, and the line through the middle of the car. */
export const WIDTH = 400;
export const HEIGHT = 208;
export const MIDDLE = 104;

/** Where things are; all lengths in the picture's own units, x from its left edge. */
export interface Shape {
  rear: number;
  front: number;
  /** Half of its width. */
  half: number;
  /** How deep the curves of nose and tail are. */
  nose: number;
  tail: number;
  /** Foot and head of the windscreen, then of the rear window. */
  screen: readonly [foot: number, head: number];
  back: readonly [foot: number, head: number];
  /** Where the boot's lid hangs: a hatch takes the rear window with it. */
  lid: number;
  /** Each door's rear and front edge, the front door first. */
  doors: readonly (readonly [rear: number, front: number])[];
  /** The axles, front first. */
  axles: readonly [front: number, rear: number];
}

export const SHAPES: Record<Body, Shape> = {
  hatchback: {
    rear: 54,
    front: 350,
    half: 60,
    nose: 62,
    tail: 34,
    screen: [268, 230],
    back: [70, 98],
    lid: 96,
    doors: [
      [172, 240],
      [108, 169],
    ],
    axles: [298, 106],
  },
  saloon: {
    rear: 34,
    front: 366,
    half: 60,
    nose: 64,
    tail: 46,
    screen: [274, 236],
    back: [86, 126],
    lid: 82,
    doors: [
      [178, 246],
      [116, 175],
    ],
    axles: [308, 98],
  },
  roadster: {
    rear: 54,
    front: 348,
    half: 57,
    nose: 76,
    tail: 52,
    screen: [244, 214],
    back: [126, 150],
    lid: 120,
    doors: [[146, 220]],
    axles: [296, 104],
  },
  suv: {
    rear: 44,
    front: 358,
    half: 65,
    nose: 48,
    tail: 24,
    screen: [278, 246],
    back: [56, 76],
    lid: 74,
    doors: [
      [184, 254],
      [118, 181],
    ],
    axles: [304, 102],
  },
  van: {
    rear: 28,
    front: 368,
    half: 68,
    nose: 38,
    tail: 12,
    screen: [324, 286],
    back: [38, 50],
    lid: 48,
    doors: [
      [222, 292],
      [132, 219],
    ],
    axles: [318, 90],
  },
};

/** Return the outline of the body. */
export function outline({ rear, front, half, nose, tail }: Shape): string {
  const [top, bottom] = [MIDDLE - half, MIDDLE + half];
  const bend = half * 0.55;
  return [
    `M${rear + tail} ${top}H${front - nose}`,
    `C${front - nose * 0.3} ${top} ${front} ${MIDDLE - bend} ${front} ${MIDDLE}`,
    `C${front} ${MIDDLE + bend} ${front - nose * 0.3} ${bottom} ${front - nose} ${bottom}`,
    `H${rear + tail}`,
    `C${rear + tail * 0.3} ${bottom} ${rear} ${MIDDLE + bend} ${rear} ${MIDDLE}`,
    `C${rear} ${MIDDLE - bend} ${rear + tail * 0.3} ${top} ${rear + tail} ${top}Z`,
  ].join("");
}

/** Return a window across the car, its foot bulging forwards or backwards. */
export function pane([foot, head]: readonly [number, number], half: number): string {
  const bulge = foot > head ? 12 : -6;
  const [wide, narrow] = [half - 9, half - 18];
  return [
    `M${foot} ${MIDDLE - wide}Q${foot + bulge} ${MIDDLE} ${foot} ${MIDDLE + wide}`,
    `L${head} ${MIDDLE + narrow}Q${head + bulge / 2} ${MIDDLE} ${head} ${MIDDLE - narrow}Z`,
  ].join("");
}

/** Return the windows of one side; -1 is the left one, which is above. */
export function sidePane({ screen, back, half }: Shape, side: -1 | 1): string {
  const [outer, inner] = [MIDDLE + side * (half - 7), MIDDLE + side * (half - 16)];
  return `M${screen[0] - 10} ${outer}H${back[0] + 10}L${back[1] + 2} ${inner}H${screen[1]}Z`;
}

/** Return the bonnet. */
export function bonnet({ screen, front, nose, half }: Shape): string {
  const [hinge, bend, tip] = [screen[0] + 14, front - nose * 0.75, front - 10];
  const wide = half - 15;
  return [
    `M${hinge} ${MIDDLE - wide}H${bend}Q${tip} ${MIDDLE - wide} ${tip} ${MIDDLE}`,
    `Q${tip} ${MIDDLE + wide} ${bend} ${MIDDLE + wide}H${hinge}`,
    `Q${hinge + 10} ${MIDDLE} ${hinge} ${MIDDLE - wide}Z`,
  ].join("");
}

/** Return the lid of the boot. */
export function bootLid({ lid, rear, tail, half }: Shape): string {
  const [bend, tip] = [rear + tail * 0.75, rear + 7];
  const wide = half - 14;
  return [
    `M${lid} ${MIDDLE - wide}H${bend}Q${tip} ${MIDDLE - wide} ${tip} ${MIDDLE}`,
    `Q${tip} ${MIDDLE + wide} ${bend} ${MIDDLE + wide}H${lid}Z`,
  ].join("");
}

/** Return where the charge port is: behind the rear axle, on the left. */
export function chargePort({ rear, tail, half }: Shape): { x: number; y: number } {
  return { x: rear + Math.max(tail, 20) + 4, y: MIDDLE - half };
}

/** Return where the headlights are: how far along, and how far from the middle. */
export function headlight({ front, nose, half }: Shape): { x: number; off: number } {
  return { x: front - nose * 0.42, off: half * 0.72 };
}

/** Vehicle types whose shape is known without being asked for. */
const TYPES: Readonly<Record<string, Body>> = { TR: "roadster" };

/** Return the shape that was chosen; where none was, what the type of the vehicle suggests. */
export function bodyOf(name: string, vehicleType?: string | null): Body {
  return BODIES.find((body) => body === name) ?? TYPES[vehicleType ?? ""] ?? "hatchback";
}
