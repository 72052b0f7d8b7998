import { queryOptions, useQuery } from "@tanstack/react-query";
import { get } from "./api";
import type { Who } from "./device/who";

/** What the pages must know first (`GET /web`). */
export interface WebInfo {
  name: string;
  version: string;
  /** The server waits for its first administrator. */
  is_new: boolean;
  /** Strangers may make accounts. */
  registration: boolean;
  /** The server sends mail, so a forgotten password can be set again. */
  mail: boolean;
  /** How to log in to the demo; null of any other server. */
  demo: { owner: string; password: string } | null;
  /** Where the map's background comes from; null of none. */
  map: {
    kind: "raster" | "style" | "pmtiles";
    url: string;
    attribution: string;
    /** The hosts that the pages' policy lets parts of it be loaded from. */
    hosts: string[];
  } | null;
  /** Who is logged in; null is nobody. */
  session: Who | null;
}

export const webQuery = queryOptions({
  queryKey: ["web"],
  queryFn: ({ signal }) => get<WebInfo>("/web", {}, signal),
  staleTime: 300_000,
});

/** Return what everybody may know of the server. */
export function useWeb() {
  return useQuery(webQuery);
}
