// A WebSocket, an event stream and a page for tests: nothing is sent, and the test says what comes.

import { vi } from "vitest";

export class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly address: string) {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (last === undefined) throw new Error("no WebSocket was opened");
    return last;
  }

  send(line: string): void {
    this.sent.push(line);
  }

  close(): void {
    this.readyState = 3;
  }

  /** The server accepts the WebSocket. */
  accepts(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  says(...lines: string[]): void {
    for (const data of lines) this.onmessage?.({ data });
  }

  /** The server, or the network, ends it. */
  ends(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

type Listener = (event: { data: string }) => void;

export class FakeStream {
  static all: FakeStream[] = [];
  isClosed = false;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  #listeners = new Map<string, Listener>();

  constructor(readonly address: string) {
    FakeStream.all.push(this);
  }

  static get last(): FakeStream {
    const last = FakeStream.all.at(-1);
    if (last === undefined) throw new Error("no stream was opened");
    return last;
  }

  addEventListener(kind: string, listener: Listener): void {
    this.#listeners.set(kind, listener);
  }

  close(): void {
    this.isClosed = true;
  }

  says(kind: string, data: unknown): void {
    this.#listeners.get(kind)?.({ data: typeof data === "string" ? data : JSON.stringify(data) });
  }
}

/** What stands for the page: whether it is seen, whether there is a network. */
export interface FakePage {
  see(isSeen: boolean): void;
  connect(isOnline: boolean): void;
}

/** Put fakes in the place of what a browser has, by a clock that stands still. */
export function fakeBrowser(): FakePage {
  FakeSocket.all = [];
  FakeStream.all = [];
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  const page = new EventTarget();
  const state = { visibilityState: "visible", onLine: true };
  const document = {
    get visibilityState() {
      return state.visibilityState;
    },
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  };
  vi.stubGlobal("document", document);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("navigator", state);
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("EventSource", FakeStream);
  return {
    see(isSeen) {
      state.visibilityState = isSeen ? "visible" : "hidden";
      page.dispatchEvent(new Event("visibilitychange"));
    },
    connect(isOnline) {
      state.onLine = isOnline;
      page.dispatchEvent(new Event(isOnline ? "online" : "offline"));
    },
  };
}

/** Let promises that are settled go on. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}
