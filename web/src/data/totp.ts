// One-time codes, by which the caller logs in beside the password.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useChange } from "./queries";

export type { TotpKeyAnswer } from "./api-types";

const stale = () => [["account"]];

export function useTotp() {
  return useQuery(queryOf(["account", "totp"], "GET /account/totp", {}));
}

/** Return what makes a key for the caller's app; it counts once a code of it is confirmed. */
export function useBeginTotp() {
  return useChange("POST /account/totp", () => []);
}

export function useConfirmTotp() {
  return useChange("POST /account/totp/confirm", stale);
}

export function useEndTotp() {
  return useChange("DELETE /account/totp", stale);
}

export function useNewRecoveryCodes() {
  return useChange("POST /account/totp/recovery_codes", stale);
}
