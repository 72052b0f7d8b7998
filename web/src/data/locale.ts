// The locale of what is written in numbers and dates: of the language that somebody reads, and of
// their region, as the browser has it.

import { useTranslation } from "react-i18next";

/** Return the first of somebody's locales that is of the language, else the language. */
export function localeOf(language: string, locales: readonly string[]): string {
  return locales.find((each) => each.split("-")[0] === language) ?? language;
}

/** Return the locale of the person who looks. */
export function useLocale(): string {
  const { i18n } = useTranslation();
  return localeOf(i18n.language, navigator.languages);
}
