import { useMemo } from "react";
import { useAccount } from "../../data/account";
import { useLocale } from "../../data/locale";
import { usePreferences } from "../../data/preferences";
import { type Format, makeFormat } from "./format";

/** The time zone of this device. */
export const DEVICE_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Return how the reader likes numbers and times: times are of the owner's zone, as the server's days. */
export function useFormat(): Format {
  const { data: account } = useAccount();
  const zone = account?.zone ?? DEVICE_ZONE;
  const locale = useLocale();
  const likes = usePreferences();
  return useMemo(() => makeFormat(locale, zone, likes), [locale, zone, likes]);
}
