// Who is connected at the ports for modules and apps; for administrators.

import { useQuery } from "@tanstack/react-query";
import { queryOf, useChange } from "./queries";

export type { ConnectionFactsAnswer } from "./api-types";

const KEY = ["admin", "connections"];

/** Return the first connections that fit a search, asked again every few seconds. */
export function useConnections(search: string, { every = 5 }: { every?: number } = {}) {
  const query = { limit: 200, ...(search === "" ? {} : { search }) };
  return useQuery({
    ...queryOf(KEY, "GET /admin/connections", { query }),
    refetchInterval: every * 1000,
  });
}

/** Return what ends a connection; a car connects again by itself. */
export function useEndConnection() {
  return useChange("DELETE /admin/connections/{connection_id}", () => [KEY]);
}
