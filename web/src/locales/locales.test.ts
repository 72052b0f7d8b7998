import { expect, test } from "vitest";
import { LANGUAGES } from "../i18n";

type Texts = { [key: string]: string | Texts };

const catalogues = import.meta.glob<{ default: Texts }>("./*/*.json", { eager: true });

/** Return the keys of a catalogue; of a plural the key without its form, which languages differ in. */
function keysOf(texts: Texts, above = ""): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "string"
      ? [`${above}${key}`.replace(/_(?:zero|one|two|few|many|other)$/, "")]
      : keysOf(value, `${above}${key}.`),
  );
}

/** Return the keys of all areas of a language, as `common:login.title`. */
function allKeys(language: string): Set<string> {
  const found = Object.entries(catalogues).flatMap(([path, { default: texts }]) => {
    const [, of = "", area = ""] = /^\.\/(\w+)\/(\w+)\.json$/.exec(path) ?? [];
    return of === language ? keysOf(texts).map((key) => `${area}:${key}`) : [];
  });
  return new Set(found);
}

const english = allKeys("en");

/** Return what stands in the braces of a text. */
function holesOf(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)/g)].map(([, name = ""]) => name).sort();
}

test.each(LANGUAGES.filter((each) => each !== "en"))(
  "%s has the keys of en, and no others",
  (other) => {
    const keys = allKeys(other);
    expect({
      lacking: [...english].filter((key) => !keys.has(key)),
      unknown: [...keys].filter((key) => !english.has(key)),
    }).toEqual({ lacking: [], unknown: [] });
  },
);

test.each(LANGUAGES)(
  "no text of %s is empty, and each takes what the English takes",
  (language) => {
    for (const [path, { default: texts }] of Object.entries(catalogues)) {
      if (!path.startsWith(`./${language}/`)) continue;
      const base = catalogues[path.replace(`/${language}/`, "/en/")]?.default ?? {};
      compare(texts, base, path);
    }
  },
);

function compare(texts: Texts, base: Texts, where: string) {
  for (const [key, value] of Object.entries(texts)) {
    const other = base[key];
    if (typeof value !== "string") {
      if (typeof other === "object") compare(value, other, `${where} ${key}`);
      continue;
    }
    expect(value, `${where} ${key}`).not.toBe("");
    if (typeof other === "string")
      expect(holesOf(value), `${where} ${key}`).toEqual(holesOf(other));
  }
}
