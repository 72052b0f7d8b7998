// What a person likes, kept on this device: units. Language and theme have their own keepers.

import { useSyncExternalStore } from "react";
import { keep, kept } from "./device/local";

export interface Preferences {
  distance: "km" | "mi";
  temperature: "C" | "F";
  pressure: "kPa" | "bar" | "psi";
}

const STORED = "ovms.units";

/** The units that there are of each quantity. */
export const CHOICES: { readonly [Key in keyof Preferences]: readonly Preferences[Key][] } = {
  distance: ["km", "mi"],
  temperature: ["C", "F"],
  pressure: ["kPa", "bar", "psi"],
};

/** Regions that drive in miles, measure in °F, and in psi. */
const MILES = new Set(["US", "GB", "LR", "MM"]);
const FAHRENHEIT = new Set(["US", "LR", "BS", "BZ", "KY", "PW", "FM", "MH"]);
const PSI = new Set(["US", "GB", "CA"]);

const listeners = new Set<() => void>();
let present: Preferences | null = null;

/** Return what people like who have this locale, as `en-US`. */
export function usualIn(locale: string): Preferences {
  const region = regionOf(locale);
  return {
    distance: MILES.has(region) ? "mi" : "km",
    temperature: FAHRENHEIT.has(region) ? "F" : "C",
    pressure: PSI.has(region) ? "psi" : "bar",
  };
}

/** Return the preferences in a text of this device's storage; what is unreadable is as usual. */
export function parsePreferences(text: string | null, usual: Preferences): Preferences {
  const said = objectIn(text);
  const pick = <Key extends keyof Preferences>(key: Key): Preferences[Key] =>
    CHOICES[key].find((each) => each === said[key]) ?? usual[key];
  return {
    distance: pick("distance"),
    temperature: pick("temperature"),
    pressure: pick("pressure"),
  };
}

/** Change some of the preferences, on this device. */
export function setPreferences(changes: Partial<Preferences>): void {
  present = { ...preferences(), ...changes };
  keep(STORED, JSON.stringify(present));
  for (const listener of listeners) listener();
}

/** Return the preferences of this device. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

function preferences(): Preferences {
  present ??= parsePreferences(kept(STORED), usualIn(navigator.language));
  return present;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", changedElsewhere);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("storage", changedElsewhere);
  };
}

/** Another page of this device has changed them. */
function changedElsewhere({ key }: StorageEvent): void {
  if (key !== STORED && key !== null) return;
  present = null;
  for (const listener of listeners) listener();
}

function regionOf(locale: string): string {
  try {
    return new Intl.Locale(locale).maximize().region ?? "";
  } catch {
    return "";
  }
}

function objectIn(text: string | null): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text ?? "{}");
    return typeof found === "object" && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}
