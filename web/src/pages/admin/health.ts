// Whether the server is well, at a glance.

import type { ServerAnswer } from "../../data/server";

/** Days before the end of a certificate at which somebody should look. */
const CERTIFICATE_DAYS = 14;

/** Log-ins that failed within an hour, beyond which somebody may be guessing. */
const FAILED_LOGINS = 20;

/** Bytes left on the disk below which it gets tight. */
const DISK_LOW = 1_000_000_000;

export type Concern = "stopping" | "database" | "disk" | "certificate" | "logins" | "deliveries";

/** Return what needs a look, beside the troubles that the server names itself. */
export function concernsOf(server: ServerAnswer): Concern[] {
  const found: Concern[] = [];
  if (server.is_stopping) found.push("stopping");
  if (server.vehicles === null || server.storage === null) found.push("database");
  if (server.storage !== null && server.storage.free < DISK_LOW) found.push("disk");
  if (server.certificates.some(({ days }) => days < CERTIFICATE_DAYS)) found.push("certificate");
  if (server.logins_failed > FAILED_LOGINS) found.push("logins");
  if (server.deliveries_failed > 0) found.push("deliveries");
  return found;
}

/** Return whether nothing needs anybody. */
export function isWell(server: ServerAnswer): boolean {
  return server.troubles.length === 0 && concernsOf(server).length === 0;
}

/** Return the sum of what is counted by kind; null if that is not known. */
export function sumOf(counts: Record<string, number> | null): number | null {
  if (counts === null) return null;
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
