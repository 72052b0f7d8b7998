import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { call } from "./api";
import { webQuery } from "./web";

/** Who is logged in, as `GET /web` and `GET /session` say. */
export interface Who {
  owner: string;
  is_admin: boolean;
  means: "password" | "passkey" | "token";
}

export interface Login {
  name: string;
  password: string;
  one_time_code?: string;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ client }): Promise<Who | null> =>
    (await client.fetchQuery({ ...webQuery, staleTime: 0, retry: false })).session,
  staleTime: 60_000,
  retry: 1, // whoever waits for it sees nothing else meanwhile
  retryDelay: 500,
});

/** Return who is logged in; null is nobody. */
export function useSession() {
  return useQuery(sessionQuery);
}

/** Return what logs in. Its error has the code `one_time_code_needed` if one is to be sent, too. */
export function useLogIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (login: Login) => call<Who>("POST", "/session", { body: login }),
    onSuccess: (who) => begin(client, who),
  });
}

/** Where the name of the account is kept that this device was logged in to last. */
const ACCOUNT = "ovms.account";

/**
 * Return the name of the account that is logged in, and while the server is away, of the one that
 * was: what this device keeps of it is shown then. Empty for nobody.
 */
export function useAccountName(): string {
  const { data } = useSession();
  useEffect(() => {
    if (data) localStorage.setItem(ACCOUNT, data.owner);
  }, [data]);
  if (data === null) return "";
  return data?.owner ?? localStorage.getItem(ACCOUNT) ?? "";
}

/** Forget what this device keeps of the account, and end its connections. */
async function forget(): Promise<void> {
  const account = localStorage.getItem(ACCOUNT);
  localStorage.removeItem(ACCOUNT);
  const [{ releaseAll }, { forgetAccount }] = await Promise.all([
    import("./live/registry"),
    import("./device/states"),
  ]);
  releaseAll();
  if (account !== null) await forgetAccount(account);
}

/** Return what logs out; nothing of the account stays in memory or on this device. */
export function useLogOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<void>("DELETE", "/session"),
    onSuccess: async () => {
      begin(client, null);
      await forget();
    },
  });
}

/** Forget what somebody else's session showed, and note who is logged in now. */
export function begin(client: ReturnType<typeof useQueryClient>, who: Who | null): void {
  const stays = new Set<unknown>(["session", "web"]);
  client.removeQueries({ predicate: ({ queryKey }) => !stays.has(queryKey[0]) });
  client.setQueryData(sessionQuery.queryKey, who);
}
