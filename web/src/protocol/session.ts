/**
 * One connection's state machine, the client's end of `ovms.protocol.session`:
 *
 *     0x30: HELLO ──server: welcome with proof──▶ OPEN, lines ciphered both ways
 *     0x31: LOGIN ──server: welcome──▶ OPEN, lines plain
 *     any state ──a line that breaks the rules, or close()──▶ CLOSED
 *
 * There is no IO, no clock and no randomness of its own. A line is a text frame of a WebSocket.
 */

import { type Bytes, decodeBase64, encodeBase64, fromText, toLatin1, toUtf8 } from "./bytes";
import {
  digestProves,
  makeDigest,
  makeToken,
  type RandomBytes,
  Stream,
  sessionKey,
} from "./crypto";
import {
  AuthenticationFailed,
  LineTooLong,
  LocalProtocolError,
  ProtocolError,
  RemoteProtocolError,
  UnreadableLine,
} from "./errors";
import { type Message, parseBare, parsePlain, toBare, toPlain } from "./messages";
import { LIMITS } from "./tables";
import {
  type ClientRole,
  FIRST_VEHICLE,
  isProvisioning,
  type OwnerServerWelcome,
  parseServerWelcome,
  type ServerWelcome,
  writeOwnerWelcome,
  writeWelcome,
} from "./welcome";

const LINE_END = 2; // bytes of a line's end, which count against its bound

interface VehicleCredentials {
  readonly scheme: "0x30";
  readonly vehicleId: string;
  readonly secret: string;
  readonly role?: ClientRole;
}

interface OwnerCredentials {
  readonly scheme: "0x31";
  readonly user: string;
  /** A password, an API token, or a ticket of the session. */
  readonly password: string;
  /** The owner's first vehicle if it is left out. */
  readonly vehicleId?: string;
  readonly role?: ClientRole;
}

export type Credentials = VehicleCredentials | OwnerCredentials;

export type SessionState = "hello" | "login" | "open" | "closed";

export type SessionEvent =
  | {
      /** The server has let us in. */
      readonly type: "open";
      readonly vehicleId: string;
      /** All of the owner's vehicles; under scheme 0x30 only this one. */
      readonly vehicleIds: readonly string[];
    }
  | { readonly type: "message"; readonly message: Message };

export interface StartedSession {
  readonly session: ClientSession;
  /** The first line to send. */
  readonly line: string;
}

export class ClientSession {
  #state: SessionState;
  #incoming: Stream | null = null;
  #outgoing: Stream | null = null;

  private constructor(
    private readonly credentials: Credentials,
    private readonly token: string,
  ) {
    this.#state = credentials.scheme === "0x30" ? "hello" : "login";
  }

  /**
   * Return a new session and its welcome. `random` is used once, under scheme 0x30.
   *
   * Throws `LocalProtocolError` for a word that is empty, has a blank or is too long.
   */
  static start(credentials: Credentials, random: RandomBytes): StartedSession {
    const role = credentials.role ?? "A";
    if (credentials.scheme === "0x31") {
      const { user, password, vehicleId = FIRST_VEHICLE } = credentials;
      const line = writeOwnerWelcome(role, user, password, vehicleId);
      return { session: new ClientSession(credentials, ""), line };
    }
    const token = makeToken(random);
    const digest = makeDigest(credentials.secret, token);
    const line = writeWelcome(role, token, digest, credentials.vehicleId);
    return { session: new ClientSession(credentials, token), line };
  }

  get state(): SessionState {
    return this.#state;
  }

  /**
   * Return what a line says: nothing, or one event. A closed session says nothing more.
   *
   * Throws `RemoteProtocolError` where the server broke the protocol; the session is then closed.
   */
  receive(line: string): SessionEvent[] {
    if (this.#state === "closed") return [];
    try {
      const event = this.#read(this.#cut(line));
      return event === null ? [] : [event];
    } catch (error) {
      this.close();
      throw error instanceof ProtocolError ? error : new RemoteProtocolError(String(error));
    }
  }

  /**
   * Return the line of a message, ciphered except under scheme 0x31.
   *
   * Throws `LocalProtocolError` before the session is open, behind its end, and for a message that
   * does not fit a line.
   */
  send(message: Message): string {
    if (this.#state !== "open") throw new LocalProtocolError(`no message while ${this.#state}`);
    if (this.#outgoing === null) return bareLine(message);
    const plain = toPlain(message);
    if (plain.length > LIMITS.plain) throw tooLong(plain);
    return encodeBase64(this.#outgoing.update(plain));
  }

  /** Close our end. It may be called again. */
  close(): void {
    this.#state = "closed";
  }

  /** Return a frame's bytes without a line end. */
  #cut(line: string): Bytes {
    const isBeforeWelcome = this.#state === "hello";
    const limit = isBeforeWelcome ? LIMITS.welcome_line : LIMITS.line;
    if (line.length >= limit) throw new LineTooLong(limit);
    const bytes = fromText(line);
    if (bytes.length >= limit) throw new LineTooLong(limit);
    return fromText(line.replace(/\r?\n$|\r$/, ""));
  }

  #read(line: Bytes): SessionEvent | null {
    if (line.length === 0 || isProvisioning(line)) return null;
    if (this.#state !== "open") return this.#open(parseServerWelcome(line));
    const message = this.#incoming === null ? parseBare(line) : decipher(this.#incoming, line);
    return message && { type: "message", message };
  }

  #open(welcome: ServerWelcome | OwnerServerWelcome): SessionEvent {
    const { credentials } = this;
    if (credentials.scheme === "0x30" && welcome.scheme === "0x30") {
      this.#prove(credentials.secret, welcome);
      const { vehicleId } = credentials;
      return { type: "open", vehicleId, vehicleIds: [vehicleId] };
    }
    if (credentials.scheme === "0x31" && welcome.scheme === "0x31") {
      this.#state = "open";
      const { vehicleId, vehicleIds } = welcome;
      return { type: "open", vehicleId, vehicleIds };
    }
    throw new RemoteProtocolError("the server answers another scheme");
  }

  #prove(secret: string, { token, digest }: ServerWelcome): void {
    if (token === this.token) throw new AuthenticationFailed("our own token came back");
    if (!digestProves(secret, token, digest)) {
      throw new AuthenticationFailed("the digest does not prove the secret");
    }
    const key = sessionKey(secret, token, this.token);
    this.#incoming = new Stream(key);
    this.#outgoing = new Stream(key);
    this.#state = "open";
  }
}

function decipher(stream: Stream, line: Bytes): Message | null {
  const data = decodeBase64(toLatin1(line));
  if (data === null) throw new UnreadableLine("a line is not base64");
  return parsePlain(stream.update(data));
}

/** Return a line of scheme 0x31. A line end in its data must not begin another line. */
function bareLine(message: Message): string {
  const line = toBare(message).map((byte) => (byte === 0x0a ? 0x0d : byte));
  if (line.length + LINE_END > LIMITS.line) throw tooLong(line);
  return toUtf8(line) ?? toLatin1(line);
}

function tooLong(line: Bytes): LocalProtocolError {
  return new LocalProtocolError(`message of ${line.length} bytes does not fit a line`);
}
