// The event stream of all vehicles (`GET /events`). It costs no car anything: nobody is told of it.

import { ApiError, addressOf } from "../api";
import { ask } from "../calls";
import type { Attempt } from "./link";

/** Milliseconds without any event, pings included (every 15 s), after which a stream is dead. */
const SILENCE_LIMIT = 45_000;

const KINDS = ["state", "presence", "alert", "removed", "journeys"] as const;

export type StreamKind = (typeof KINDS)[number];

/** Open the stream; `receive` gets each event's kind and data. Return what ends it. */
export function openStream(
  attempt: Attempt,
  receive: (kind: StreamKind, data: unknown) => void,
): { close: () => void; check: () => void } {
  const stream = new EventSource(addressOf("/events"));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const close = () => {
    clearTimeout(timer);
    stream.close();
  };
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      close();
      attempt.lost("server_away");
    }, SILENCE_LIMIT);
  };
  stream.onopen = () => {
    alive();
    attempt.opened();
  };
  stream.onerror = () => {
    close();
    void whyLost(attempt);
  };
  stream.addEventListener("ping", alive);
  stream.addEventListener("end", ({ data }) => {
    close();
    attempt.lost(reasonOf(data) === "login_ended" ? "login_ended" : "server_away");
  });
  for (const kind of KINDS) {
    stream.addEventListener(kind, ({ data }) => {
      alive();
      const read = parsed(data);
      if (read !== undefined) receive(kind, read);
    });
  }
  alive();
  return { close, check: () => undefined };
}

/** Find out why a stream was not opened: the browser does not tell. */
async function whyLost(attempt: Attempt): Promise<void> {
  try {
    await ask("GET /session", {});
    attempt.lost("server_away");
  } catch (error) {
    const isOver = error instanceof ApiError && error.status === 401;
    attempt.lost(isOver ? "login_ended" : "server_away");
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what cannot be read is left out; the stream goes on
  }
}

function reasonOf(text: string): string {
  const data = parsed(text);
  return typeof data === "object" && data !== null && "reason" in data ? String(data.reason) : "";
}
