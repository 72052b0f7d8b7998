import { useAccount } from "../../data/account";
import { useLocale } from "../../data/locale";
import { type Preferences, usePreferences } from "../../data/preferences";
import { type Format, makeFormat } from "./format";

/** The time zone of this device. */
export const DEVICE_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

let last: { likes: Preferences; format: Format } | null = null;

/**
 * Return how the reader likes numbers and times: times are of the owner's zone, as the server's
 * days. All parts of a page share it.
 */
export function useFormat(): Format {
  const { data: account } = useAccount();
  const zone = account?.zone ?? DEVICE_ZONE;
  const locale = useLocale();
  const likes = usePreferences();
  if (last?.format.locale !== locale || last.format.zone !== zone || last.likes !== likes) {
    last = { likes, format: makeFormat(locale, zone, likes) };
  }
  return last.format;
}
