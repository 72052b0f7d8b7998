/** Which module a car has: the units of some fields depend on it, and whether it opens commands. */

import { type Bytes, toLatin1 } from "./bytes";

export type ModuleKind = "PIC" | "ESP32" | "ours";

const PIC_VERSION = /^[^,]*\/V[12]\//; // how a PIC's `F` begins: 3.1.4/TR2.0/V2/…
const OUR_HARDWARE = "ovms car";
const HARDWARE_FIELD = 8;

/** Return which module a car has whose latest `F` has these data; `null` is unknown. */
export function moduleKind(firmware: Bytes | null): ModuleKind {
  if (firmware === null) return "ESP32";
  const text = toLatin1(firmware);
  if (PIC_VERSION.test(text)) return "PIC";
  return text.split(",")[HARDWARE_FIELD] === OUR_HARDWARE ? "ours" : "ESP32";
}

/** Return whether a module opens a sealed command: an ESP32 decodes it one character off. */
export function opensCommands(kind: ModuleKind): boolean {
  return kind !== "ESP32";
}
