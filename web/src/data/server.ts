// How the server is; for administrators.

import { useQuery } from "@tanstack/react-query";
import { queryOf } from "./queries";

export type { ServerAnswer } from "./api-types";

/** Return how the server is; asked again every few seconds while a page shows it. */
export function useServer({ every = 5 }: { every?: number } = {}) {
  return useQuery({
    ...queryOf(["admin", "server"], "GET /admin/server", {}),
    refetchInterval: every * 1000,
  });
}
