import { expect, test } from "vitest";
import { pickLanguage } from "./i18n";

test("the first language that there is a catalogue of wins", () => {
  expect(pickLanguage(["fr-CH", "de-CH", "en"])).toBe("de");
  expect(pickLanguage(["EN-us"])).toBe("en");
  expect(pickLanguage(["fr"])).toBe("en");
});
