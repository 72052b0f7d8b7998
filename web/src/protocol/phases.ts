/** What a car is doing, as far as journeys go: on, plugged in, charging. */

import { type Bytes, toLatin1 } from "./bytes";
import { PHASE } from "./tables";

const STATE_FIELD = 4; // of `S`

/** Return what a message says of it, to compare with another of its code; `null` is nothing. */
export function phaseOf(code: string, data: Bytes): string | null {
  const fields = toLatin1(data).split(",");
  if (code === "S") return fields[STATE_FIELD] ?? null;
  const doors = fields[0] ?? "";
  return code === "D" && /^\d{1,3}$/.test(doors) ? String(Number(doors) & PHASE.doors) : null;
}
