// What the server saw of a module that does not come in.

import type { ConnectionAnswer } from "../../data/connection";
import type { RefusedCallAnswer } from "../../data/moduleSetup";

/** The reasons that the catalogue has words for; those to come are told in the server's words. */
const REASONS = [
  "wrong_secret",
  "tls_only",
  "no_proof",
  "busy",
  "refused",
  "no_tls",
  "unexpected_tls",
  "tls_failed",
  "no_protocol",
  "no_welcome",
] as const;

export type Reason = (typeof REASONS)[number];

/** Somebody who called and was not let in. */
export interface Finding {
  reason: string;
  /** It said the vehicle's own id. */
  isOwnId: boolean;
  vehicleId: string | null;
  address: string;
  time: string;
  count: number;
  message: string;
}

/** Return a reason that there are words for; null for another. */
export function knownReason(reason: string): Reason | null {
  return REASONS.find((each) => each === reason) ?? null;
}

/** Return what was seen, the newest first: calls as this car, and others nearby. */
export function findingsOf(
  vehicle: string,
  connection: ConnectionAnswer | undefined,
  refused: readonly RefusedCallAnswer[] = [],
): Finding[] {
  const failure = connection?.last_failure ?? null;
  const own: Finding[] =
    failure === null ? [] : [{ ...failure, isOwnId: true, vehicleId: vehicle }];
  const others = refused
    .filter((call) => !isSame(call, failure, vehicle))
    .map(({ vehicle_id, ...call }) => ({
      ...call,
      isOwnId: isId(vehicle_id, vehicle),
      vehicleId: vehicle_id,
    }));
  return [...own, ...others].sort((one, other) => Date.parse(other.time) - Date.parse(one.time));
}

function isId(said: string | null, vehicle: string): boolean {
  return said !== null && said.toUpperCase() === vehicle.toUpperCase();
}

/** The server notes a wrong secret twice: of the vehicle, and of the address that called. */
function isSame(
  call: RefusedCallAnswer,
  failure: ConnectionAnswer["last_failure"],
  vehicle: string,
): boolean {
  return failure !== null && call.address === failure.address && isId(call.vehicle_id, vehicle);
}
