// Passkeys: logging in without a name and a password.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { CredentialBody, PasskeyOptions } from "./api-types";
import { ask } from "./calls";
import { queryOf, useChange } from "./queries";
import { begin } from "./session";

export type { PasskeyAnswer } from "./api-types";

const KEY = ["account", "passkeys"];

/** Return whether this browser has passkeys; only a page over https has. */
export function hasPasskeys(): boolean {
  return (
    "PublicKeyCredential" in globalThis && "parseCreationOptionsFromJSON" in PublicKeyCredential
  );
}

export function usePasskeys() {
  return useQuery(queryOf(KEY, "GET /account/passkeys", {}));
}

/** Return what makes a passkey of a name; the session needs a fresh proof of who calls. */
export function useAddPasskey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (name: string) => {
      const asked = await ask("POST /account/passkeys/options", {});
      const options = askedFor<PublicKeyCredentialCreationOptionsJSON>(asked);
      const made = await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      });
      return ask("POST /account/passkeys", { body: { name, credential: jsonOf(made) } });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useRemovePasskey() {
  return useChange("DELETE /account/passkeys/{passkey_id}", () => [KEY]);
}

/** Return what logs in with a passkey. */
export function usePasskeyLogIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      const asked = await ask("POST /session/passkey/options", {});
      const options = askedFor<PublicKeyCredentialRequestOptionsJSON>(asked);
      const found = await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
      });
      return ask("POST /session/passkey", { body: { credential: jsonOf(found) } });
    },
    onSuccess: (who) => begin(client, who),
  });
}

/** Return what the server asks of the browser; the API does not describe what WebAuthn does. */
function askedFor<T>({ public_key }: PasskeyOptions): T {
  return public_key as T;
}

function jsonOf(credential: Credential | null): CredentialBody {
  if (!(credential instanceof PublicKeyCredential)) throw new Error("no passkey was chosen");
  return credential.toJSON();
}
