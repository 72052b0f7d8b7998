// Making an account, and getting back into one, without a log-in.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useChange } from "./queries";

export const setupQuery = queryOf(["setup"], "GET /setup", {});

/** Return whether the server waits for its first administrator, and if strangers may register. */
export function useSetup() {
  return useQuery(setupQuery);
}

/** Return what makes the first administrator, by the token that the server has printed. */
export function useFirstAdministrator() {
  return useChange("POST /setup", () => [["setup"], ["web"]]);
}

/** Return what mails a code that makes an account. */
export function useRegister() {
  return useChange("POST /account/registration", () => []);
}

export function useConfirmRegistration() {
  return useChange("POST /account/registration/confirm", () => []);
}

/** Return what mails a code that sets a new password. */
export function useForgotPassword() {
  return useChange("POST /account/reset", () => []);
}

export function useSetForgottenPassword() {
  return useChange("POST /account/reset/confirm", () => []);
}
