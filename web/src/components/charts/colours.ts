// One colour for one quantity, on every chart of the app. Each has 3:1 on its ground.

export type Scheme = "light" | "dark";

type Pair = readonly [light: string, dark: string];

const GREEN: Pair = ["#0f7a4d", "#2fb676"];
const ORANGE: Pair = ["#b45309", "#f0a04b"];
const BLUE: Pair = ["#1d62c4", "#6aa9f7"];
const STONE: Pair = ["#77695c", "#b3a496"];
const PLUM: Pair = ["#9c36a8", "#d98be3"];
const CYAN: Pair = ["#0b7285", "#4fc3d9"];
const VIOLET: Pair = ["#5f3dc4", "#a48df0"];
const SLATE: Pair = ["#52616b", "#a9b7c0"];

/** The quantities that have a colour of their own. */
const COLOURS: Record<string, Pair> = {
  soc: GREEN,
  energy: GREEN,
  power: ORANGE,
  charge_power: VIOLET,
  battery_power: ORANGE,
  grid_energy: ORANGE,
  speed: BLUE,
  "L.speed": BLUE,
  gps_speed: CYAN,
  distance: BLUE,
  estimated_range: BLUE,
  ideal_range: CYAN,
  altitude: STONE,
  temperature_battery: PLUM,
  temperature_ambient: CYAN,
  temperature_cabin: VIOLET,
  consumption: VIOLET,
  capacity: GREEN,
  car_capacity: SLATE,
  full_range: BLUE,
  voltage_12v: VIOLET,
  odometer: SLATE,
};

const OTHERS: readonly Pair[] = [VIOLET, CYAN, ORANGE, BLUE, PLUM, STONE, GREEN, SLATE];

/** Return the colour of a quantity; one without a colour of its own always gets the same. */
export function colourOf(quantity: string, scheme: Scheme): string {
  const pair = COLOURS[quantity] ?? OTHERS[hash(quantity) % OTHERS.length] ?? SLATE;
  return scheme === "dark" ? pair[1] : pair[0];
}

/** Return the colours of what is not a line: words, grid, and what a car did meanwhile. */
export function groundOf(scheme: Scheme) {
  return scheme === "dark"
    ? { text: "#a9adb0", grid: "#2d3135", trip: "#6aa9f733", charge: "#2fb67626", body: "#16181a" }
    : { text: "#5f656a", grid: "#e6e8ea", trip: "#1d62c41f", charge: "#0f7a4d1a", body: "#ffffff" };
}

function hash(text: string): number {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_003;
  return sum;
}
