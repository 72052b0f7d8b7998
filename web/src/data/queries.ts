// How calls become queries, lists in pages, and changes; the areas beside this file name them.

import {
  infiniteQueryOptions,
  type QueryClient,
  type QueryKey,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import {
  type AnswerOf,
  ask,
  type CallName,
  type Given,
  type Page,
  type PagedName,
  type ReadName,
} from "./calls";

/** The key of all that the server tells of a vehicle. */
export function vehicleKey(vehicle: string, ...rest: QueryKey): QueryKey {
  return ["vehicle", vehicle, ...rest];
}

/** Return the query of a call; what is given becomes part of its key. */
export function queryOf<Name extends ReadName>(key: QueryKey, name: Name, given: Given<Name>) {
  return queryOptions({
    queryKey: [...key, given.query ?? {}],
    queryFn: ({ signal }): Promise<AnswerOf<Name>> => ask(name, given, signal),
  });
}

/** Return the query of a list that comes in pages: its data is one page with all items so far. */
export function pagesOf<Name extends PagedName>(key: QueryKey, name: Name, given: Given<Name>) {
  return infiniteQueryOptions({
    queryKey: [...key, "pages", given.query ?? {}],
    queryFn: ({ pageParam, signal }): Promise<AnswerOf<Name>> => {
      const query = { ...given.query, ...(pageParam === null ? {} : { after: pageParam }) };
      return ask(name, { ...given, query }, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page) => last.next,
    select: ({ pages }): AnswerOf<Name> => joined(pages),
  });
}

/** Return pages as one: what the first says beside its items, and the items of all. */
export function joined<T extends Page>(pages: readonly T[]): T {
  const first = pages[0];
  if (first === undefined) throw new Error("there is always a first page");
  const last = pages[pages.length - 1] ?? first;
  return { ...first, items: pages.flatMap((page) => page.items), next: last.next };
}

/**
 * Return what makes a call that changes something; what `stale` names is asked for again. What
 * `gone` names is forgotten as far as no page shows it: it may name what there is no more.
 */
export function useChange<Name extends CallName>(
  name: Name,
  stale: (given: Given<Name>) => QueryKey[],
  gone: readonly QueryKey[] = [],
) {
  return useMutation(changeOf(useQueryClient(), name, stale, gone));
}

/**
 * Return the options of such a change. It is over with the server's answer: nobody waits for what
 * is asked again. That may take away the form which the answer is for, with the codes that the
 * server tells this once.
 */
export function changeOf<Name extends CallName>(
  client: QueryClient,
  name: Name,
  stale: (given: Given<Name>) => QueryKey[],
  gone: readonly QueryKey[] = [],
) {
  return {
    mutationFn: (given: Given<Name>): Promise<AnswerOf<Name>> => ask(name, given),
    onSuccess: (_answer: AnswerOf<Name>, given: Given<Name>) => {
      for (const queryKey of gone) client.removeQueries({ queryKey, type: "inactive" });
      for (const queryKey of stale(given)) void client.invalidateQueries({ queryKey });
    },
  };
}

/** Return the same for a call about one vehicle. */
export function useVehicleChange<Name extends CallName>(
  vehicle: string,
  name: Name,
  ...areas: string[]
) {
  return useChange(name, () => areas.map((area) => vehicleKey(vehicle, area)));
}
