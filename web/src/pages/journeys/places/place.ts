// What the form of a place holds, and what is sent of it.

import type { NewPlace, PlaceAnswer } from "../../../data/places";
import { readNumber } from "../edit/changes";

export interface PlaceForm {
  name: string;
  latitude: string;
  longitude: string;
  radius: number;
  isHome: boolean;
  /** Of its tariffs; empty is the owner's. */
  currency: string;
  zone: string;
}

export const LEAST_RADIUS = 10;
export const MOST_RADIUS = 50_000;

/** Return a place as the form shows it. */
export function formOf(place: PlaceAnswer): PlaceForm {
  return {
    name: place.name,
    latitude: String(place.latitude),
    longitude: String(place.longitude),
    radius: place.radius,
    isHome: place.is_home,
    currency: place.currency ?? "",
    zone: place.zone ?? "",
  };
}

/** Return the form of a new place; an address may say where it is, as a suggestion or a map does. */
export function newForm(params: URLSearchParams): PlaceForm {
  const radius = Number(params.get("radius") ?? 100);
  return {
    name: "",
    latitude: params.get("latitude") ?? "",
    longitude: params.get("longitude") ?? "",
    radius: radius >= LEAST_RADIUS && radius <= MOST_RADIUS ? Math.round(radius) : 100,
    isHome: false,
    currency: "",
    zone: "",
  };
}

/** Return degrees that somebody typed, south and west negative; null if they cannot be. */
export function readDegrees(typed: string, most: number): number | null {
  const text = typed.trim();
  const value = readNumber(text.replace(/^-/, ""));
  if (value === null || value > most) return null;
  return text.startsWith("-") ? -value : value;
}

/** Return what is sent of a form; null if something in it cannot be. */
export function bodyOf(form: PlaceForm): NewPlace | null {
  const latitude = readDegrees(form.latitude, 90);
  const longitude = readDegrees(form.longitude, 180);
  const name = form.name.trim();
  if (name === "" || latitude === null || longitude === null) return null;
  return {
    name,
    latitude,
    longitude,
    radius: form.radius,
    is_home: form.isHome,
    currency: form.currency.trim().toUpperCase() || null,
    zone: form.zone.trim() || null,
  };
}
