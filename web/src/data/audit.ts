// What was done: log-ins, commands and changes.

import { useInfiniteQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { pagesOf } from "./queries";

export type { AuditAnswer } from "./api-types";

type Filter<Name extends "GET /account/audit" | "GET /admin/audit"> = Omit<QueryOf<Name>, "after">;

/** Which entries: an action, a span. */
export type AuditFilter = Filter<"GET /account/audit">;

/** Return what was done with the caller's account and vehicles, the newest first. */
export function useAudit(filter: AuditFilter = {}) {
  return useInfiniteQuery(pagesOf(["account", "audit"], "GET /account/audit", { query: filter }));
}

/** Return what was done on all of the server; for administrators. */
export function useAdminAudit(filter: Filter<"GET /admin/audit"> = {}) {
  return useInfiniteQuery(pagesOf(["admin", "audit"], "GET /admin/audit", { query: filter }));
}
