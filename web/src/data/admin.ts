// Owners and vehicles of the server; for administrators.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { QueryOf } from "./calls";
import { pagesOf, queryOf, useChange } from "./queries";

export type { AdminVehicleAnswer, OwnerAnswer } from "./api-types";

const OWNERS = ["admin", "owners"];
const VEHICLES = ["admin", "vehicles"];
const stale = () => [OWNERS, VEHICLES];

export function useOwners(query: Omit<QueryOf<"GET /admin/owners">, "after"> = {}) {
  return useInfiniteQuery(pagesOf(OWNERS, "GET /admin/owners", { query }));
}

export function useOwner(name: string) {
  return useQuery(queryOf([...OWNERS, name], "GET /admin/owners/{name}", { path: { name } }));
}

export function useAddOwner() {
  return useChange("POST /admin/owners", stale);
}

export function useChangeOwner() {
  return useChange("PATCH /admin/owners/{name}", stale);
}

export function useRemoveOwner() {
  return useChange("DELETE /admin/owners/{name}", stale);
}

/** Return what mails an owner a code that sets a password. */
export function useResetOwner() {
  return useChange("POST /admin/owners/{name}/reset", () => []);
}

export function useAdminVehicles(query: Omit<QueryOf<"GET /admin/vehicles">, "after"> = {}) {
  return useInfiniteQuery(pagesOf(VEHICLES, "GET /admin/vehicles", { query }));
}

/** Return what gives a vehicle to another owner; a new secret is told once. */
export function useTransferVehicle() {
  return useChange("POST /admin/vehicles/{vehicle_id}/transfer", stale);
}

export function useAdminRemoveVehicle() {
  return useChange("DELETE /admin/vehicles/{vehicle_id}", stale);
}
