// Calls of the server's own API, /api/v1, by the session's cookie.

import { noteServerTime } from "./clock";

const PREFIX = "/api/v1";

/** What is wrong with one part of a call. */
export interface ErrorDetail {
  field: string;
  message: string;
}

/** A call that failed. Status 0: the server was not reached. */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    readonly status: number,
    /** A word for programs, as `wrong_login`. */
    readonly code: string,
    message: string,
    readonly details: readonly ErrorDetail[] = [],
    /** Seconds to wait before the call may be repeated. */
    readonly wait: number | null = null,
  ) {
    super(message);
  }
}

/** Return whether a call failed because the caller has no such vehicle, or has it no longer. */
export function isUnknownVehicle(error: unknown): boolean {
  return error instanceof ApiError && error.code === "no_vehicle";
}

type QueryValue = string | number | boolean;

/** What stands behind `?`: of a list each value once, of null and undefined nothing. */
export type Query = Record<string, QueryValue | readonly QueryValue[] | null | undefined>;

export interface CallOptions {
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Return the address of a call. */
export function addressOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => [name, String(each)]),
  );
  const text = new URLSearchParams(given).toString();
  return `${PREFIX}${path}${text === "" ? "" : `?${text}`}`;
}

/** Make a call; return its answer, undefined if that is empty. Throws {@link ApiError}. */
export async function call<T>(
  method: Method,
  path: string,
  { query, body, signal }: CallOptions = {},
): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin" };
  if (signal !== undefined) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  const answer = await reach(addressOf(path, query), init);
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

/** Make a call that changes nothing. */
export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return call<T>("GET", path, {
    ...(query === undefined ? {} : { query }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Return a file that a call answers with, whole. Throws {@link ApiError}. */
export async function file(path: string, query: Query): Promise<Blob> {
  return (await reach(addressOf(path, query), { credentials: "same-origin" })).blob();
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  const answer = await fetched(address, init);
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

async function fetched(address: string, init: RequestInit): Promise<Response> {
  const asked = Date.now();
  try {
    const answer = await fetch(address, init);
    noteServerTime(answer.headers.get("date"), asked);
    return answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "no_connection", "The server cannot be reached");
  }
}

async function errorOf(answer: Response): Promise<ApiError> {
  const wait = Number(answer.headers.get("retry-after") ?? Number.NaN);
  const seconds = Number.isFinite(wait) ? wait : null;
  try {
    const { code, message, details } = (await answer.json()).error;
    return new ApiError(answer.status, code, message, details ?? [], seconds);
  } catch {
    return new ApiError(answer.status, "unreadable", `${answer.status}`, [], seconds);
  }
}
