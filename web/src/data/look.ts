// How a car looks on this device: the shape of its picture, and its colour.

import { useSyncExternalStore } from "react";
import { keep, kept } from "./device/local";

export interface Look {
  /** The shape's name; empty where none was chosen. */
  body: string;
  /** A colour of CSS, as `#1a9f63`. */
  tint: string;
}

const PREFIX = "ovms.look.";
const COLOUR = /^#[0-9a-f]{6}$/;
const STANDARD: Look = { body: "", tint: "#8d9296" };

const listeners = new Set<() => void>();

/** What was read last, so that the same text gives the same object. */
const read = new Map<string, { text: string | null; look: Look }>();

/** Return how a car looks that has this text in the device's storage. */
export function parseLook(text: string | null): Look {
  try {
    const { body, tint } = JSON.parse(text ?? "{}");
    return {
      body: typeof body === "string" ? body : STANDARD.body,
      tint: COLOUR.test(tint) ? tint : STANDARD.tint,
    };
  } catch {
    return STANDARD;
  }
}

function lookOf(vehicle: string): Look {
  const text = kept(PREFIX + vehicle);
  const known = read.get(vehicle);
  if (known !== undefined && known.text === text) return known.look;
  const look = parseLook(text);
  read.set(vehicle, { text, look });
  return look;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** Return how a car looks. */
export function useLook(vehicle: string): Look {
  return useSyncExternalStore(subscribe, () => lookOf(vehicle));
}

/** Change how a car looks on this device. */
export function setLook(vehicle: string, look: Look): void {
  keep(PREFIX + vehicle, JSON.stringify(look));
  for (const listener of listeners) listener();
}
