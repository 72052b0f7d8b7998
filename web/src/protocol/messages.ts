/** A message: one byte of code and the data behind it. */

import { type Bytes, concat, fromLatin1, toLatin1 } from "./bytes";
import { LocalProtocolError, UnreadableLine } from "./errors";

const MAGIC = fromLatin1("MP-0 ");

export interface Message {
  /** One character, the byte as Latin-1. */
  readonly code: string;
  readonly data: Bytes;
}

/** Return a message whose data are Latin-1 text. Throws `LocalProtocolError` for other text. */
export function messageOf(code: string, text = ""): Message {
  return { code, data: fromLatin1(text) };
}

/** Return the line under scheme 0x31: code and data. Throws `LocalProtocolError`. */
export function toBare(message: Message): Bytes {
  if (!/^[\0-\xff]$/.test(message.code)) throw new LocalProtocolError("no message code");
  return concat(fromLatin1(message.code), message.data);
}

/** Return the line before the cipher of scheme 0x30. Throws `LocalProtocolError`. */
export function toPlain(message: Message): Bytes {
  return concat(MAGIC, toBare(message));
}

/** Read a line of scheme 0x31; `null` for an empty one. */
export function parseBare(line: Bytes): Message | null {
  if (line.length === 0) return null;
  return { code: toLatin1(line.subarray(0, 1)), data: line.slice(1) };
}

/**
 * Read a deciphered line; `null` for one without a code.
 *
 * Throws `UnreadableLine` if it does not begin with `MP-0 `: no later line can then be read.
 */
export function parsePlain(line: Bytes): Message | null {
  if (!MAGIC.every((byte, at) => line[at] === byte)) {
    throw new UnreadableLine("a line does not decrypt");
  }
  return parseBare(line.subarray(MAGIC.length));
}
