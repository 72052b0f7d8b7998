import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api";

/** How often a call is repeated that did not reach the server, or that it could not answer. */
const TRIES = 3;

/** Return whether a call that failed may go well when it is made again. */
export function mayRecover(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

/** Return the cache of what the server has answered. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (count, error) => count < TRIES && mayRecover(error),
        networkMode: "always", // a server at home is reached without the internet
      },
      mutations: { networkMode: "always" },
    },
  });
}
