// One WebSocket that carries the protocol: its welcome, its messages, its pings.

import type { Bytes } from "../../protocol/bytes";
import { AuthenticationFailed } from "../../protocol/errors";
import { type Message, messageOf } from "../../protocol/messages";
import { ClientSession, type Credentials, type SessionEvent } from "../../protocol/session";
import { ApiError } from "../api";
import type { Attempt, Loss } from "./link";

const WELCOME_TIMEOUT = 20_000;
const PING_INTERVAL = 60_000;
const ANSWER_TIMEOUT = 20_000;
/** Bytes that wait to be sent: more is a network that takes nothing. */
const UNSENT_LIMIT = 65_536;

/** Where to connect, and as whom. */
export interface Entry {
  address: string;
  credentials: Credentials;
  /** The server has just answered calls by HTTP, and knows the vehicle. */
  isKnown?: boolean;
}

export interface SocketHandler {
  /** The server has let us in. */
  opened(): void;
  received(message: Message): void;
}

/** A WebSocket from the first try to the end. */
export class ProtocolSocket {
  #socket: WebSocket | null = null;
  #session: ClientSession | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  /** What it means if it ends before the welcome. */
  #lossBefore: Loss = "server_away";

  constructor(
    private readonly attempt: Attempt,
    private readonly handler: SocketHandler,
  ) {}

  /** Find out where to go, and go there. */
  async begin(enter: () => Promise<Entry>): Promise<void> {
    this.#wait(WELCOME_TIMEOUT, () => this.#lose());
    try {
      const { address, credentials, isKnown = false } = await enter();
      if (isKnown) this.#lossBefore = "blocked";
      if (!this.#isOver) this.#open(address, ClientSession.start(credentials, randomBytes));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Send a message; return whether it is on its way. */
  send(message: Message): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN || this.#session?.state !== "open")
      return false;
    if (this.#socket.bufferedAmount > UNSENT_LIMIT) {
      this.#lose();
      return false;
    }
    this.#socket.send(this.#session.send(message));
    return true;
  }

  /** Ask for a sign of life at once: the network may be another. */
  check(): void {
    if (this.send(messageOf("A"))) this.#wait(ANSWER_TIMEOUT, () => this.#lose());
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#session?.close();
    this.#socket?.close();
  }

  #open(address: string, { session, line }: ReturnType<typeof ClientSession.start>): void {
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#session = session;
    socket.onopen = () => {
      // Whoever is not let in is closed without a word; a server that stops says so.
      if (this.#lossBefore === "server_away") this.#lossBefore = "refused";
      socket.send(line);
    };
    socket.onmessage = ({ data }) => this.#receive(String(data));
    socket.onclose = () => this.#lose();
  }

  #receive(line: string): void {
    if (this.#isOver) return;
    let events: SessionEvent[] = [];
    try {
      events = this.#session?.receive(line) ?? [];
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#wait(PING_INTERVAL, () => this.check());
    for (const event of events) {
      if (event.type === "message") this.handler.received(event.message);
      else {
        this.attempt.opened();
        this.handler.opened();
      }
    }
  }

  #failed(error: unknown): void {
    this.#end(() => {
      if (error instanceof AuthenticationFailed) this.attempt.lost("refused");
      else if (error instanceof ApiError && error.status === 401) this.attempt.lost("login_ended");
      else if (error instanceof ApiError && error.status === 404) this.attempt.lost("unknown");
      else this.attempt.lost("server_away", error instanceof ApiError ? error.wait : null);
    });
  }

  #lose(): void {
    const isIn = this.#session?.state === "open";
    this.#end(() => this.attempt.lost(isIn ? "server_away" : this.#lossBefore));
  }

  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.close();
    tell();
  }

  #wait(time: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, time);
  }
}

function randomBytes(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}
