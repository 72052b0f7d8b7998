import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, call } from "./api";
import { keepWho, keptWho, WHO, type Who } from "./device/who";
import { webQuery } from "./web";

export type { Who } from "./device/who";

export interface Login {
  name: string;
  password: string;
  one_time_code?: string;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ client }): Promise<Who | null> => {
    try {
      const { session } = await client.fetchQuery({
        ...webQuery,
        staleTime: 0,
        retry: false, // this query tries again itself
      });
      keepWho(session);
      return session;
    } catch (error) {
      const kept = keptWho();
      // While the server is away, pages show what this device keeps of the account.
      if (kept !== null && error instanceof ApiError && error.status === 0) return kept;
      throw error;
    }
  },
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

/**
 * Return the name of the account that is logged in; until the server has said so, of the one that
 * was. Empty for nobody.
 */
export function useAccountName(): string {
  const { data } = useSession();
  if (data === null) return "";
  return data?.owner ?? keptWho()?.owner ?? "";
}

/** Forget what this device keeps of the account, and end its connections. */
async function forget(account: string | undefined): Promise<void> {
  const [{ releaseAll }, { forgetAccount }, { forgetLines }, { rememberVehicle }, { endPush }] =
    await Promise.all([
      import("./live/registry"),
      import("./device/states"),
      import("./shellLines"),
      import("./vehicles"),
      import("./push"),
    ]);
  releaseAll();
  await endPush().catch(() => undefined); // the server drops a device that a push does not reach
  if (account === undefined) return;
  forgetLines(account);
  rememberVehicle(null);
  await forgetAccount(account);
}

/** Return what logs out; nothing of the account stays in memory or on this device. */
export function useLogOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<void>("DELETE", "/session"),
    onSuccess: async () => {
      const account = keptWho()?.owner;
      begin(client, null);
      await forget(account);
    },
  });
}

/** Forget what somebody else's session showed, and note who is logged in now. */
export function begin(client: ReturnType<typeof useQueryClient>, who: Who | null): void {
  const stays = new Set<unknown>(["session", "web"]);
  client.removeQueries({ predicate: ({ queryKey }) => !stays.has(queryKey[0]) });
  client.setQueryData(sessionQuery.queryKey, who);
  keepWho(who);
}

/**
 * Have this tab do as another one that logs out, or logs somebody else in; return what stops it.
 * `page` is the window, or stands for it in a test.
 */
export function followOtherTabs(
  client: ReturnType<typeof useQueryClient>,
  page: Pick<Window, "addEventListener" | "removeEventListener">,
): () => void {
  const follow = ({ key, newValue }: StorageEvent) => {
    const owner = client.getQueryData(sessionQuery.queryKey)?.owner;
    const isAll = key === null; // the whole storage was cleared
    if (!isAll && (key !== WHO || keptWho()?.owner === owner)) return;
    begin(client, isAll || newValue === null ? null : keptWho());
    void import("./live/registry").then(({ releaseAll }) => releaseAll());
  };
  page.addEventListener("storage", follow);
  return () => page.removeEventListener("storage", follow);
}
