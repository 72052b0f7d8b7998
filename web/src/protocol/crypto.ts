/**
 * The ciphers of scheme 0x30: proof of a shared secret, the session's streams, sealed messages.
 *
 * MD5 and RC4 are weak today, but the modules on the road speak them; TLS around the connection is
 * what protects it. RC4 is ours: no package that is kept up has it.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { md5 } from "@noble/hashes/legacy.js";
import { type Bytes, decodeBase64, encodeBase64, fromLatin1, fromText } from "./bytes";
import { LocalProtocolError } from "./errors";

const TOKEN_LENGTH = 22;
const TOKEN_BYTES = 17;
const DROPPED = 1024; // bytes of key stream that are not used, at its start

/** A source of randomness, which returns as many bytes as asked for. */
export type RandomBytes = (count: number) => Bytes;

/** An RC4 key stream without its first 1024 bytes. Enciphering and deciphering are the same. */
export class Stream {
  readonly #box = Uint8Array.from({ length: 256 }, (_, at) => at);
  #i = 0;
  #j = 0;

  constructor(key: Bytes) {
    let j = 0;
    for (let i = 0; i < 256; i += 1) {
      j = (j + this.#at(i) + (key[i % key.length] ?? 0)) & 0xff;
      this.#swap(i, j);
    }
    this.update(new Uint8Array(DROPPED));
  }

  /** Return `data` enciphered or deciphered, and advance the stream by its length. */
  update(data: Bytes): Bytes {
    return data.map((byte) => byte ^ this.#next());
  }

  #next(): number {
    this.#i = (this.#i + 1) & 0xff;
    this.#j = (this.#j + this.#at(this.#i)) & 0xff;
    this.#swap(this.#i, this.#j);
    return this.#at((this.#at(this.#i) + this.#at(this.#j)) & 0xff);
  }

  #at(place: number): number {
    return this.#box[place] ?? 0;
  }

  #swap(one: number, other: number): void {
    const held = this.#at(one);
    this.#box[one] = this.#at(other);
    this.#box[other] = held;
  }
}

/** Return a new token: 22 characters of the base64 alphabet, 132 random bits. */
export function makeToken(random: RandomBytes): string {
  const bytes = random(TOKEN_BYTES);
  if (bytes.length !== TOKEN_BYTES) throw new LocalProtocolError("too little randomness");
  return encodeBase64(bytes).slice(0, TOKEN_LENGTH);
}

/** Return the 16 bytes of HMAC-MD5 of Latin-1 text under a secret. */
export function hmacMd5(secret: string, text: string): Bytes {
  return hmac(md5, fromText(secret), fromLatin1(text));
}

/** Return the digest of `token` under `secret`, in padded base64. */
export function makeDigest(secret: string, token: string): string {
  return encodeBase64(hmacMd5(secret, token));
}

/** Return whether `digest` (padded or not) is that of `token` under `secret`. */
export function digestProves(secret: string, token: string, digest: string): boolean {
  return isSame(makeDigest(secret, token).replace(/=+$/, ""), digest.replace(/=+$/, ""));
}

/** Compare texts in a time that does not depend on where they differ. */
export function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) {
    difference |= one.charCodeAt(at) ^ (other.charCodeAt(at) || 0);
  }
  return difference === 0;
}

/** Return the key of both streams of a connection. */
export function sessionKey(secret: string, serverToken: string, clientToken: string): Bytes {
  return hmacMd5(secret, serverToken + clientToken);
}

/** Return a message's data enciphered by a new stream, in base64. */
export function seal(key: Bytes, data: Bytes): string {
  return encodeBase64(new Stream(key).update(data));
}

/**
 * Return the data that `seal` sealed; `null` for what is not base64. With a wrong key they are
 * rubbish.
 *
 * A paranoid ESP32 cuts what it has sealed to its unsealed length: what is whole is returned, and
 * an odd last character dropped.
 */
export function unseal(key: Bytes, sealed: string): Bytes | null {
  const isOdd = sealed.length % 4 === 1;
  const data = decodeBase64(isOdd ? `${sealed}A` : sealed); // an odd character begins a byte
  return data && new Stream(key).update(isOdd ? data.subarray(0, -1) : data);
}
