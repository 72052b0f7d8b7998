/** Text and bytes: Latin-1, UTF-8 that keeps what is none, base64. */

import { LocalProtocolError } from "./errors";

export type Bytes = Uint8Array;

const CHUNK = 8192; // arguments that one call takes everywhere
const ESCAPE = 0xdc00; // a byte b that is no UTF-8 is the lone surrogate U+DC00 + b

const FATAL = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

const ASCII = /^[\0-\x7f]*$/;
const HALF = /\p{Surrogate}/u;
const ESCAPED = /^[\uDC80-\uDCFF]$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}={0,2}|[A-Za-z0-9+/]{3}=?)?$/;

/** Return bytes as text, each byte one character. */
export function toLatin1(bytes: Bytes): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}

/** Return the bytes of Latin-1 text. Throws `LocalProtocolError` for a character beyond it. */
export function fromLatin1(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0xff) throw new LocalProtocolError("text beyond Latin-1");
    bytes[at] = code;
  }
  return bytes;
}

/** Return UTF-8 as text; `null` for bytes that are none. */
export function toUtf8(bytes: Bytes): string | null {
  try {
    return FATAL.decode(bytes);
  } catch {
    return null;
  }
}

/** Return UTF-8 as text, in which bytes that are none are lone surrogates, as Python has them. */
export function toText(bytes: Bytes): string {
  const whole = toUtf8(bytes);
  if (whole !== null) return whole;
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length > 0) parts.push(FATAL.decode(bytes.subarray(at, at + length)));
    else parts.push(String.fromCharCode(ESCAPE + (bytes[at] ?? 0)));
    at += length || 1;
  }
  return parts.join("");
}

/** Return how many bytes the character has that begins here; 0 if none does. */
function sequenceLength(bytes: Bytes, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (let behind = 1; behind < length; behind += 1) {
    const byte = bytes[at + behind] ?? 0;
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  const second = bytes[at + 1] ?? 0;
  const isOverlong = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  const isNoCharacter = (first === 0xed && second > 0x9f) || (first === 0xf4 && second > 0x8f);
  return isOverlong || isNoCharacter ? 0 : length;
}

/** Return the bytes of what `toText` made. Throws `LocalProtocolError` for other surrogates. */
export function fromText(text: string): Bytes {
  if (!HALF.test(text)) return ENCODER.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    if (!HALF.test(character)) parts.push(...ENCODER.encode(character));
    else if (ESCAPED.test(character)) parts.push(character.charCodeAt(0) - ESCAPE);
    else throw new LocalProtocolError("text with half a character");
  }
  return Uint8Array.from(parts);
}

/** Return text for people, in which bytes that were not UTF-8 are read as Latin-1. */
export function legible(text: string): string {
  if (ASCII.test(text)) return text;
  const bytes = fromText(text);
  return toUtf8(bytes) ?? toLatin1(bytes);
}

/** Return padded base64. */
export function encodeBase64(bytes: Bytes): string {
  return btoa(toLatin1(bytes));
}

/** Return the bytes of base64, padded or not; `null` for anything else. */
export function decodeBase64(text: string): Bytes | null {
  return BASE64.test(text) ? fromLatin1(atob(text.replace(/=+$/, ""))) : null;
}

/** Return both, one behind the other. */
export function concat(first: Bytes, second: Bytes): Bytes {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
