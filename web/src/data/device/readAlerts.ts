// Up to when a car's alerts were read on this device.

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useAccountName } from "../session";
import { read, write } from "./db";

/**
 * Return up to when a car's alerts had been read when the page was opened: null is never,
 * undefined not known yet. Those up to `newest` are then marked as read for the next time.
 */
export function useReadMark(
  vehicle: string,
  newest: string | undefined,
): string | null | undefined {
  const account = useAccountName();
  const { data } = useQuery({
    queryKey: ["device", "read", account, vehicle],
    queryFn: async () => (await readMark(account, vehicle)) ?? null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0, // the page that opens next asks anew
  });
  useEffect(() => {
    if (data !== undefined && newest !== undefined) void markRead(account, vehicle, newest);
  }, [account, vehicle, data, newest]);
  return data;
}

export function readMark(account: string, vehicle: string): Promise<string | undefined> {
  return read("read", account, vehicle);
}

/** Mark alerts as read up to a time; one that is before the mark changes nothing. */
export async function markRead(account: string, vehicle: string, time: string): Promise<void> {
  const before = await readMark(account, vehicle);
  if (before === undefined || Date.parse(before) < Date.parse(time)) {
    await write(time, "read", account, vehicle);
  }
}
