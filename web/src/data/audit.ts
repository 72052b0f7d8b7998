// What was done: log-ins, commands and changes.

import { useInfiniteQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { pagesOf, vehicleKey } from "./queries";

export type { AuditAnswer, AuditPage } from "./api-types";

type Filter<Name extends "GET /account/audit" | "GET /admin/audit"> = Omit<QueryOf<Name>, "after">;

/** Which entries: an action, a span. */
export type AuditFilter = Filter<"GET /account/audit">;

/** Return what was done with the caller's account and vehicles, the newest first. */
export function useAudit(filter: AuditFilter = {}) {
  return useInfiniteQuery(pagesOf(["account", "audit"], "GET /account/audit", { query: filter }));
}

/** Return what was done with one vehicle. */
export function useVehicleAudit(vehicle: string, filter: AuditFilter = {}) {
  return useInfiniteQuery(
    pagesOf(vehicleKey(vehicle, "audit"), "GET /vehicles/{vehicle_id}/audit", {
      path: { vehicle_id: vehicle },
      query: filter,
    }),
  );
}

/** Return what was done on all of the server; for administrators. */
export function useAdminAudit(filter: Filter<"GET /admin/audit"> = {}) {
  return useInfiniteQuery(pagesOf(["admin", "audit"], "GET /admin/audit", { query: filter }));
}
