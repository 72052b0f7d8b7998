import i18next, { type BackendModule } from "i18next";
import { initReactI18next } from "react-i18next";
import { keep, kept } from "./data/device/local";

/** The languages that there is a catalogue of: src/locales/LANGUAGE/AREA.json. */
export const LANGUAGES = ["en", "de"] as const;

/** Where a person's choice of language is kept, on the device. */
const STORED = "ovms.language";

type Catalogue = { default: Record<string, unknown> };

const catalogues = import.meta.glob<Catalogue>("./locales/*/*.json");

/** Loads an area of a language when it is needed first. */
const backend: BackendModule = {
  type: "backend",
  init: () => undefined,
  read: (language, area, done) => {
    const load = catalogues[`./locales/${language}/${area}.json`];
    if (load === undefined) {
      done(new Error(`no texts of ${area} in ${language}`), false);
      return;
    }
    load().then(
      (found) => done(null, found.default),
      (error: Error) => done(error, false),
    );
  },
};

/** Return the best of our languages for those that somebody reads, the most liked first. */
export function pickLanguage(wanted: readonly string[]): string {
  const short = wanted.map((each) => each.toLowerCase().split("-")[0] ?? "");
  return short.find((each) => (LANGUAGES as readonly string[]).includes(each)) ?? "en";
}

/** Start the catalogue in the language of the device, or the chosen one. */
export async function startI18n(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  const chosen = kept(STORED);
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: pickLanguage([...(chosen === null ? [] : [chosen]), ...navigator.languages]),
      fallbackLng: "en",
      supportedLngs: [...LANGUAGES],
      ns: ["common"],
      defaultNS: "common",
      interpolation: { escapeValue: false },
      returnNull: false,
    });
}

/** Change the language, and remember it on this device. */
export async function changeLanguage(language: string): Promise<void> {
  keep(STORED, language);
  await i18next.changeLanguage(language);
}
