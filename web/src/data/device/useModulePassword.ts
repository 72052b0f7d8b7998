// The module password of a car, for its page.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useAccountName } from "../session";
import { keepPassword, readPassword } from "./passwords";

/** A module password as its page sees it. */
export interface ModulePassword {
  /** Whether this device has one; null until it is known. */
  isKnown: boolean | null;
  set: (password: string) => Promise<void>;
  forget: () => Promise<void>;
}

/** Return what keeps a car's module password on this device. */
export function useModulePassword(vehicle: string): ModulePassword {
  const account = useAccountName();
  const client = useQueryClient();
  const queryKey = ["device", "password", account, vehicle];
  const { data } = useQuery({
    queryKey,
    queryFn: async () => (await readPassword(account, vehicle)) !== undefined,
  });
  const keep = async (password: string | null) => {
    await keepPassword(account, vehicle, password);
    await client.invalidateQueries({ queryKey });
  };
  return { isKnown: data ?? null, set: keep, forget: () => keep(null) };
}
