// Where the caller is logged in by a cookie, and the proofs of who calls.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useChange } from "./queries";

export type { SessionAnswer } from "./api-types";

const KEY = ["account", "sessions"];

export function useSessions() {
  return useQuery(queryOf(KEY, "GET /account/sessions", {}));
}

export function useEndSession() {
  return useChange("DELETE /account/sessions/{session_id}", () => [KEY]);
}

/** Return what ends all sessions but the one of this page. */
export function useEndOtherSessions() {
  return useChange("DELETE /account/sessions", () => [KEY]);
}

/** Return what proves again who calls; due when a call fails with `proof_needed`. */
export function useProve() {
  return useChange("POST /session/proof", () => [["session"]]);
}

/** Return what changes the password; all other sessions end. */
export function useChangePassword() {
  return useChange("POST /account/password", () => [KEY, ["session"], ["account"]]);
}
