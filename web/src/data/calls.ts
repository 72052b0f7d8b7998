// Calls of /api/v1 with the types of the server's own description.

import { call, type Query } from "./api";
import type { Calls } from "./api-types";
import { proven } from "./proof";

/** The calls of the API: method and path, as `GET /vehicles/{vehicle_id}`. */
export type CallName = keyof Calls;

/** The calls that change nothing. */
export type ReadName = Extract<CallName, `GET ${string}`>;

/** The calls whose answers come in pages. */
export type PagedName = {
  [Name in ReadName]: Calls[Name] extends { answer: Page; query: { after?: string | undefined } }
    ? Name
    : never;
}[ReadName];

/** One page of a list; `next` is null after the last one. */
export interface Page {
  items: unknown[];
  next: string | null;
}

export type AnswerOf<Name extends CallName> = Calls[Name]["answer"];
export type QueryOf<Name extends CallName> = Calls[Name]["query"];

type Needed<Key extends string, T> = [keyof T] extends [never]
  ? { [K in Key]?: undefined }
  : Partial<T> extends T
    ? { [K in Key]?: T | undefined }
    : { [K in Key]: T };

type NeededBody<T> = undefined extends T ? { body?: T } : { body: T };

/** What a call needs: the parts of its path, its query and its body, as far as it has them. */
export type Given<Name extends CallName> = Needed<"path", Calls[Name]["path"]> &
  Needed<"query", Calls[Name]["query"]> &
  NeededBody<Calls[Name]["body"]>;

interface Parts {
  path?: Record<string, string | number> | undefined;
  query?: Query | undefined;
  body?: unknown;
}

/** Make a call, with a proof of who calls if one is due; return its answer. Throws `ApiError`. */
export function ask<Name extends CallName>(
  name: Name,
  given: Given<Name>,
  signal?: AbortSignal,
): Promise<AnswerOf<Name>> {
  const { path, query, body }: Parts = given;
  const [method, template] = split(name);
  const options = {
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  };
  return proven(() => call<AnswerOf<Name>>(method, fill(template, path), options));
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

function split(name: CallName): [Method, string] {
  const at = name.indexOf(" ");
  return [name.slice(0, at) as Method, name.slice(at + 1)];
}

/** Return a path with its parts filled in, as a URL has them. */
export function fill(template: string, parts: Record<string, string | number> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(parts[key] ?? ""));
}
