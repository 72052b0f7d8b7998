// The API tokens of the caller's account.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useChange } from "./queries";

export type { TokenAnswer } from "./api-types";

const KEY = ["account", "tokens"];

export function useTokens() {
  return useQuery(queryOf(KEY, "GET /account/tokens", {}));
}

/** Return what makes a token; its digits are in this answer and in no other. */
export function useAddToken() {
  return useChange("POST /account/tokens", () => [KEY]);
}

export function useChangeToken() {
  return useChange("PATCH /account/tokens/{token_id}", () => [KEY]);
}

export function useRemoveToken() {
  return useChange("DELETE /account/tokens/{token_id}", () => [KEY]);
}
