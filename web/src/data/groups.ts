// The groups that the caller's cars are in, and where all cars in each are.

import { useQuery } from "@tanstack/react-query";
import { queryOf } from "./queries";

export type { GroupMember, GroupOfCars } from "./api-types";

export function useGroups({ every = 30 }: { every?: number } = {}) {
  return useQuery({ ...queryOf(["groups"], "GET /groups", {}), refetchInterval: every * 1000 });
}
