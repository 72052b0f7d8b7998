import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, isUnknownVehicle } from "./api";

/** How often a call is repeated that did not reach the server, or that it could not answer. */
const TRIES = 3;

/** Return whether a call that failed may go well when it is made again. */
export function mayRecover(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

/** Return the cache of what the server has answered. */
export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, { queryKey }) => heed(client, error, queryKey[0] === "vehicle"),
    }),
    mutationCache: new MutationCache({ onError: (error) => heed(client, error, true) }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (count, error) => count < TRIES && mayRecover(error),
        networkMode: "always", // a server at home is reached without the internet
      },
      mutations: { networkMode: "always" },
    },
  });
  return client;
}

/**
 * Have asked anew what an error puts in doubt: who is logged in, as the log-in may have ended; or
 * the list of vehicles, as one may have been removed, or its share be over. Pages follow these two.
 */
function heed(client: QueryClient, error: Error, isAboutVehicle: boolean): void {
  const isLoggedIn = Boolean(client.getQueryData(["session"]));
  if (isLoggedIn && error instanceof ApiError && error.status === 401) {
    void client.invalidateQueries({ queryKey: ["session"] });
  }
  if (isAboutVehicle && isUnknownVehicle(error)) {
    void client.invalidateQueries({ queryKey: ["vehicles"] });
  }
}
