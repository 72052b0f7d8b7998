// What to set in a module, which modules were refused lately, and the secret that was just made.

import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { queryOf } from "./queries";

export type { ModuleServerAnswer, RefusedCallAnswer } from "./api-types";

/** Return where modules reach the server, and whether they trust its certificate. */
export function useModuleServer() {
  return useQuery(queryOf(["module-server"], "GET /module-server", {}));
}

/** Return modules that were refused lately near the caller; asked again every few seconds. */
export function useRefusedCalls(vehicle: string, { every = 3 }: { every?: number } = {}) {
  return useQuery({
    ...queryOf(["refused-calls"], "GET /refused-calls", { query: { vehicle_id: vehicle } }),
    refetchInterval: every * 1000,
  });
}

const secretKey = (vehicle: string) => ["told-secret", vehicle];

/** Return the secret of a vehicle if it was told to this page; it is kept in memory only. */
export function useToldSecret(vehicle: string): string | undefined {
  const { data } = useQuery<string>({
    queryKey: secretKey(vehicle),
    queryFn: skipToken,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
  return data;
}

/** Return what keeps a secret that was told until the page is closed or somebody logs out. */
export function useKeepSecret(): (vehicle: string, secret: string) => void {
  const client = useQueryClient();
  return (vehicle, secret) => {
    client.setQueryDefaults(secretKey(vehicle), { gcTime: Number.POSITIVE_INFINITY });
    client.setQueryData(secretKey(vehicle), secret);
  };
}
