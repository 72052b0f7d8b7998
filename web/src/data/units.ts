// From the units of the API (km, °C, kPa) to those that a person likes.

import type { Preferences } from "./preferences";

const KM_PER_MILE = 1.609344;
const PSI_PER_KPA = 0.14503773773;

/** A kind of quantity whose unit people choose. */
export type Chosen = "distance" | "speed" | "temperature" | "pressure" | "consumption";

export interface Unit {
  /** As it stands behind a number. */
  symbol: string;
  /** From the API's unit. */
  from: (value: number) => number;
  /** Back to the API's unit, for what a person enters. */
  to: (value: number) => number;
  /** Digits behind the point that mean something. */
  places: number;
}

/** Return the unit in which somebody likes a quantity. */
export function unitOf(kind: Chosen, likes: Preferences): Unit {
  const isMiles = likes.distance === "mi";
  switch (kind) {
    case "distance":
      return scaled(isMiles ? "mi" : "km", isMiles ? 1 / KM_PER_MILE : 1, 0);
    case "speed":
      return scaled(isMiles ? "mph" : "km/h", isMiles ? 1 / KM_PER_MILE : 1, 0);
    case "consumption": // kWh for 100 km
      return scaled(isMiles ? "kWh/100 mi" : "kWh/100 km", isMiles ? KM_PER_MILE : 1, 1);
    case "temperature":
      return likes.temperature === "F" ? FAHRENHEIT : scaled("°C", 1, 0);
    case "pressure":
      return PRESSURES[likes.pressure];
  }
}

function scaled(symbol: string, factor: number, places: number): Unit {
  return { symbol, places, from: (value) => value * factor, to: (value) => value / factor };
}

const FAHRENHEIT: Unit = {
  symbol: "°F",
  places: 0,
  from: (celsius) => celsius * 1.8 + 32,
  to: (fahrenheit) => (fahrenheit - 32) / 1.8,
};

const PRESSURES: Record<Preferences["pressure"], Unit> = {
  kPa: scaled("kPa", 1, 0),
  bar: scaled("bar", 0.01, 1),
  psi: scaled("psi", PSI_PER_KPA, 0),
};
