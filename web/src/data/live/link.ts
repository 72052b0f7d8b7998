// Keeps one connection to the server: begins it again when it is lost, and gives it up while the
// page is in the background. What the connection is (WebSocket, event stream), others know.

import { serverTime } from "../clock";
import { retryDelay } from "./backoff";
import type { Connection, ConnectionStatus } from "./types";

/** Milliseconds in the background after which a page watches no more: watching costs the owner. */
export const BACKGROUND_LIFE = 60_000;

/** Milliseconds that a connection must have lasted to count as one that works. */
const STEADY_AFTER = 10_000;

/** Tries in a row that end before a welcome, until that counts as a refusal, or as blocked. */
const REFUSALS = 3;

/** Milliseconds until a refused page tries again: a share may begin, a database be back. */
const REFUSED_DELAY = 300_000;

/** Why a connection is not there. */
export type Loss =
  | "server_away"
  | "login_ended"
  /** It was closed before a welcome, which may pass. */
  | "refused"
  /** The server has said that it has no such vehicle for whoever calls. */
  | "unknown"
  /** The server answers calls, and yet no connection like this one comes about. */
  | "blocked";

/** One try, as it is told to whoever makes it. What a try says that is over counts no more. */
export interface Attempt {
  opened(): void;
  /** It has failed or ended; `wait` is how many seconds the server wants to be left alone. */
  lost(loss: Loss, wait?: number | null): void;
}

/** Begins a connection; returns what ends it, and what is done when the network may be another. */
export type Connect = (attempt: Attempt) => { close: () => void; check: () => void };

export class Link {
  #connection: Connection = { status: "connecting", since: serverTime(), retry_at: null };
  #current: ReturnType<Connect> | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #background: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #refusals = 0;
  #blocks = 0;
  #isStarted = false;
  #opened: number | null = null;

  constructor(
    private readonly connect: Connect,
    private readonly onChange: () => void,
  ) {}

  get connection(): Connection {
    return this.#connection;
  }

  /** Connect, and stay connected until {@link stop}. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    document.addEventListener("visibilitychange", this.#seen);
    addEventListener("online", this.#network);
    addEventListener("offline", this.#network);
    if (document.visibilityState === "hidden") this.#seen();
    this.#try("connecting");
  }

  stop(): void {
    this.#isStarted = false;
    document.removeEventListener("visibilitychange", this.#seen);
    removeEventListener("online", this.#network);
    removeEventListener("offline", this.#network);
    clearTimeout(this.#background);
    this.#end();
  }

  /** Try again at once, as when a person asks for it. */
  reconnect(): void {
    if (!this.#isStarted || this.#connection.status === "open") return;
    this.#failures = 0;
    this.#try("connecting");
  }

  #try(status: ConnectionStatus): void {
    this.#end();
    this.#set(status);
    let isOver = false;
    const attempt: Attempt = {
      opened: () => {
        if (isOver) return;
        this.#opened = performance.now();
        this.#refusals = 0;
        this.#blocks = 0;
        this.#set("open");
      },
      lost: (loss, wait = null) => {
        if (isOver) return;
        isOver = true;
        this.#lost(loss, wait);
      },
    };
    const made = this.connect(attempt);
    this.#current = {
      close: () => {
        isOver = true;
        made.close();
      },
      check: made.check,
    };
  }

  #lost(loss: Loss, wait: number | null): void {
    const wasSteady = this.#opened !== null && performance.now() - this.#opened >= STEADY_AFTER;
    this.#end();
    if (loss === "login_ended") {
      this.#set(loss);
      return;
    }
    this.#refusals = loss === "refused" ? this.#refusals + 1 : 0;
    this.#blocks = loss === "blocked" ? this.#blocks + 1 : 0;
    if (loss === "unknown" || this.#refusals >= REFUSALS) {
      this.#later("refused", REFUSED_DELAY);
      return;
    }
    this.#failures = wasSteady ? 1 : this.#failures + 1;
    const status = this.#blocks >= REFUSALS ? "blocked" : awayStatus();
    this.#later(status, Math.max(retryDelay(this.#failures), (wait ?? 0) * 1000));
  }

  #later(status: ConnectionStatus, delay: number): void {
    this.#retry = setTimeout(() => this.#again(), delay);
    this.#set(status, serverTime() + delay);
  }

  /** Try again; what lasts is not called something else meanwhile. */
  #again(): void {
    const { status } = this.#connection;
    this.#try(status === "refused" || status === "blocked" ? status : awayStatus());
  }

  #end(): void {
    clearTimeout(this.#retry);
    this.#opened = null;
    const current = this.#current;
    this.#current = null;
    current?.close();
  }

  #set(status: ConnectionStatus, retry_at: number | null = null): void {
    const { status: before, since } = this.#connection;
    this.#connection = { status, since: status === before ? since : serverTime(), retry_at };
    this.onChange();
  }

  readonly #seen = (): void => {
    clearTimeout(this.#background);
    if (document.visibilityState === "hidden") {
      this.#background = setTimeout(() => this.#pause(), BACKGROUND_LIFE);
    } else if (this.#connection.status === "paused") {
      this.#failures = 0;
      this.#try("connecting");
    } else {
      this.#network();
    }
  };

  /** The network may be another: look whether the connection still lives, or try at once. */
  readonly #network = (): void => {
    if (this.#connection.retry_at !== null && navigator.onLine) this.#again();
    else if (this.#connection.retry_at !== null) this.#set("offline", this.#connection.retry_at);
    else this.#current?.check();
  };

  #pause(): void {
    if (this.#connection.status === "login_ended") return;
    this.#end();
    this.#set("paused");
  }
}

/** A server at home is there without the internet, so the page tries offline, too. */
function awayStatus(): ConnectionStatus {
  return navigator.onLine ? "server_away" : "offline";
}
