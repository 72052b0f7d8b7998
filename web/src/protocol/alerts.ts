/** `P`: an alert. */

import { type Bytes, legible, toText } from "./bytes";
import { ALERT_KINDS } from "./tables";

export interface Alert {
  /** `alert`, `information`, `error`, or another letter of the car's. */
  readonly kind: string;
  readonly text: string;
}

/** The text of an alert of kind `error`: a code of a vehicle type. */
export interface VehicleError {
  readonly vehicleType: string;
  readonly code: number;
  readonly data: string;
}

/** Read the data of a `P`; `null` if they are empty. */
export function parseAlert(data: Bytes): Alert | null {
  const [letter, ...rest] = toText(data);
  if (letter === undefined) return null;
  return { kind: ALERT_KINDS[letter] ?? legible(letter), text: legible(rest.join("")) };
}

/** Read the text of an error alert; `null` if it is not of that form. */
export function parseVehicleError(text: string): VehicleError | null {
  const found = /^([^,]*),(\d{1,9})(?:,([\s\S]*))?$/.exec(text);
  if (found === null) return null;
  return { vehicleType: found[1] ?? "", code: Number(found[2]), data: found[3] ?? "" };
}
