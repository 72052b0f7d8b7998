// The caller's own account: limits, time zone, currency, mail address, export, end.

import { useQuery } from "@tanstack/react-query";
import { addressOf } from "./api";
import { queryOf, useChange } from "./queries";

export type { AccountAnswer } from "./api-types";

const KEY = ["account"];

export const accountQuery = queryOf([...KEY, "own"], "GET /account", {});

/** Return what the account has and may have. */
export function useAccount() {
  return useQuery(accountQuery);
}

/** Return what changes the time zone of days and the currency of costs. */
export function useChangeAccount() {
  return useChange("PATCH /account", () => [KEY, ["vehicle"]]);
}

/** Return what mails a code to a new address. */
export function useChangeEmail() {
  return useChange("POST /account/email", () => []);
}

export function useConfirmEmail() {
  return useChange("POST /account/email/confirm", () => [KEY]);
}

/** Return what erases the account with everything. */
export function useEraseAccount() {
  return useChange("DELETE /account", () => [["session"]]);
}

/** The address of a ZIP of all of the caller's own data. */
export const ACCOUNT_EXPORT = addressOf("/account/export");
