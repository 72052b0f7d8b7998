import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
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
    (await client.fetchQuery({ ...webQuery, staleTime: 0 })).session,
  staleTime: 60_000,
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

/** Return what logs out; nothing of the account stays in memory. */
export function useLogOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<void>("DELETE", "/session"),
    onSuccess: () => begin(client, null),
  });
}

/** Forget what somebody else's session showed, and note who is logged in now. */
export function begin(client: ReturnType<typeof useQueryClient>, who: Who | null): void {
  const stays = new Set<unknown>(["session", "web"]);
  client.removeQueries({ predicate: ({ queryKey }) => !stays.has(queryKey[0]) });
  client.setQueryData(sessionQuery.queryKey, who);
}
