import { expect, test } from "vitest";
import { localeOf } from "./locale";

test("the region is the browser's, as far as it is of the language", () => {
  expect(localeOf("en", ["de-CH", "en-GB", "en-US"])).toBe("en-GB");
  expect(localeOf("de", ["de-CH", "en-GB"])).toBe("de-CH");
  expect(localeOf("de", ["en-GB"])).toBe("de");
});
