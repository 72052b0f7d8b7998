/**
 * The lines before the cipher: a client's welcome, and a server's answer to it.
 *
 * Tokens and digests are Latin-1 text, so that any byte survives. Ids and names are UTF-8.
 */

import { type Bytes, fromText, toLatin1 } from "./bytes";
import { LocalProtocolError, NotAWelcome } from "./errors";
import { LIMITS } from "./tables";

/** In the place of a vehicle id in a welcome of scheme 0x31: the owner's first vehicle. */
export const FIRST_VEHICLE = "*";

const BLANKS = /[ \t\n\r\v\f]+/;

/** An interactive app, or a batch client, which costs the car nothing. */
export type ClientRole = "A" | "B";

export interface ServerWelcome {
  readonly scheme: "0x30";
  readonly token: string;
  readonly digest: string;
}

export interface OwnerServerWelcome {
  readonly scheme: "0x31";
  readonly user: string;
  readonly vehicleId: string;
  readonly vehicleIds: readonly string[];
}

/** Return a welcome of scheme 0x30. Throws `LocalProtocolError` for an id that does not fit. */
export function writeWelcome(
  role: ClientRole,
  token: string,
  digest: string,
  vehicleId: string,
): string {
  return welcomeLine([`MP-${role}`, "0", token, digest, vehicleId]);
}

/** Return a welcome of scheme 0x31. Throws `LocalProtocolError` for words that do not fit. */
export function writeOwnerWelcome(
  role: ClientRole,
  user: string,
  password: string,
  vehicleId: string,
): string {
  return welcomeLine([`MP-${role}`, "1", user, password, vehicleId]);
}

function welcomeLine(words: readonly string[]): string {
  const line = words.join(" ");
  const isWhole = line.split(BLANKS).filter(Boolean).length === words.length;
  if (!isWhole || fromText(line).length + 2 > LIMITS.welcome_line) {
    throw new LocalProtocolError("a word of the welcome is empty, has a blank or is too long");
  }
  return line;
}

/** Read a server's welcome. Throws `NotAWelcome` for any other line. */
export function parseServerWelcome(line: Bytes): ServerWelcome | OwnerServerWelcome {
  const [kind, scheme, first, second, ...more] = toLatin1(line).split(BLANKS).filter(Boolean);
  if (kind === "MP-S" && first !== undefined && second !== undefined) {
    if (scheme === "0") return { scheme: "0x30", token: first, digest: second };
    if (scheme === "1") {
      const [user, vehicleId, vehicleIds] = [word(first), word(second), more.map(word)];
      return { scheme: "0x31", user, vehicleId, vehicleIds };
    }
  }
  throw new NotAWelcome("the server's first line is no welcome");
}

/** Return whether a line belongs to auto-provisioning, which is plain and for cars only. */
export function isProvisioning(line: Bytes): boolean {
  return toLatin1(line.subarray(0, 3)) === "AP-";
}

function word(latin1: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    Uint8Array.from(latin1, (each) => each.charCodeAt(0)),
  );
}
