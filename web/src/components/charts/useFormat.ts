import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useAccount } from "../../data/account";
import { usePreferences } from "../../data/preferences";
import { type Format, makeFormat } from "./format";

/** The time zone of this device. */
export const DEVICE_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Return how the reader likes numbers and times: times are of the owner's zone, as the server's days. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  const { data: account } = useAccount();
  const zone = account?.zone ?? DEVICE_ZONE;
  const locale = localeOf(i18n.language);
  const likes = usePreferences();
  return useMemo(() => makeFormat(locale, zone, likes), [locale, zone, likes]);
}

/** Return the browser's locale if it is of the language that is read, for its dates and signs. */
function localeOf(language: string): string {
  return navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
}
