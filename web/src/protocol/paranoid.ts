/**
 * Paranoid mode: messages sealed between car and app, which no server can read.
 *
 * The car makes a token and sends it (`ET<token>`). The key is the token's HMAC under the module
 * password. `EM<code><data>` carries a message; only its data are sealed, each time from the start
 * of the stream. A wrong password opens nothing: what it decrypts to is recognised as no text, and
 * from then on nothing under that token is opened any more.
 */

import { type Bytes, toLatin1, toUtf8 } from "./bytes";
import { parseAnswer } from "./commands";
import { hmacMd5, seal, unseal } from "./crypto";
import { WrongPassword } from "./errors";
import { type Message, messageOf } from "./messages";
import { CODES } from "./tables";

const LEAST_PROOF = 12; // bytes of plain ASCII that prove the password
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0d]);

/** A token and its key, which seal and open messages. */
export class Sealer {
  private constructor(
    readonly token: string,
    private readonly key: Bytes,
  ) {}

  /** Return a sealer for a token, its key made from the module password. */
  static make(password: string, token: string): Sealer {
    return new Sealer(token, hmacMd5(password, token));
  }

  /** Return the message sealed; one that is never sealed is returned as it is. */
  seal(message: Message): Message {
    if (CODES[message.code]?.is_sealed === false) return message;
    return messageOf("E", `M${message.code}${seal(this.key, message.data)}`);
  }

  /**
   * Return the message in an `EM…`; any other message is returned as it is.
   *
   * Throws `WrongPassword` if the opened data are nothing that a module writes.
   */
  open(message: Message): Message {
    const sealed = sealedMessage(message);
    if (sealed === null) return message;
    const data = unseal(this.key, toLatin1(sealed.data));
    if (data === null || isRubbish(data)) throw new WrongPassword();
    return { code: sealed.code, data };
  }
}

/**
 * Return whether data are no text: they have control characters, or much that is not ASCII. The
 * text of a module is UTF-8, or ASCII with a few Latin-1 letters.
 */
function isRubbish(data: Bytes): boolean {
  if (data.some((byte) => byte < 0x20 && !TEXT_CONTROLS.has(byte))) return true;
  if (toUtf8(data) !== null) return false;
  return data.filter((byte) => byte > 0x7f).length * 3 > data.length;
}

/** Return the token of an `ET…`; `null` for any other message. */
export function tokenOf(message: Message): string | null {
  const text = message.code === "E" ? toLatin1(message.data) : "";
  return text.startsWith("T") ? text.slice(1) : null;
}

/** Return the code and sealed data of an `EM…`; `null` for any other message. */
export function sealedMessage({ code, data }: Message): Message | null {
  if (code !== "E" || data.length < 2) return null;
  const [kind, inner] = toLatin1(data.subarray(0, 2));
  return kind === "M" && inner !== undefined ? { code: inner, data: data.slice(2) } : null;
}

/** Opens messages under the car's token. Without a password it opens none. */
export class Opener {
  /** The car's token; `null` while the car is not known to seal. */
  token: string | null = null;
  /** The password did not open what came under this token. */
  isWrong = false;
  #sealer: Sealer | null = null;
  #isProven = false;

  constructor(private readonly password: string | null = null) {}

  get hasPassword(): boolean {
    return this.password !== null;
  }

  /** Commands are sealed: password and token are known. */
  get seals(): boolean {
    return this.#sealer !== null;
  }

  /** Forget the token: on a new connection the server sends it again, if there is one. */
  restart(): void {
    this.#learn(null);
  }

  /** Return a message opened if possible, otherwise as it came. */
  receive(message: Message): Message {
    const token = tokenOf(message);
    if (token !== null && token !== this.token) this.#learn(token);
    const sealed = sealedMessage(message);
    if (this.#sealer === null || this.isWrong || sealed === null || !mayOpen(sealed.code)) {
      return message;
    }
    try {
      const opened = this.#sealer.open(message);
      return this.#believes(opened) ? opened : message;
    } catch (error) {
      if (!(error instanceof WrongPassword)) throw error;
      this.isWrong = !this.#isProven;
      return message;
    }
  }

  /**
   * Return a command sealed for the car, if the car seals and there is a password.
   *
   * Throws `WrongPassword` once the password is known to be wrong.
   */
  seal(message: Message): Message {
    if (this.isWrong) throw new WrongPassword();
    return this.#sealer?.seal(message) ?? message;
  }

  #learn(token: string | null): void {
    this.token = token;
    const isWhole = token !== null && this.password !== null;
    this.#sealer = isWhole ? Sealer.make(this.password ?? "", token) : null;
    this.isWrong = false;
    this.#isProven = false;
  }

  /** Return whether the password is right. A few bytes may look like text by chance. */
  #believes(opened: Message): boolean {
    const { code, data } = opened;
    const isPlain = data.every((byte) => (byte >= 0x20 && byte < 0x7f) || TEXT_CONTROLS.has(byte));
    this.#isProven ||= isPlain && data.length >= LEAST_PROOF;
    if (this.#isProven || data.length >= 2 * LEAST_PROOF) return true;
    return isPlain && (code !== "c" || parseAnswer(opened) !== null);
  }
}

/** Return whether a car may send a code sealed. */
function mayOpen(code: string): boolean {
  const row = CODES[code];
  return row === undefined || !(row.never_sealed || row.is_only_servers);
}
