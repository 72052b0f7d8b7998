import { expect, test } from "vitest";
import { isGoodPassword, rulesOf } from "./password";

test.each([
  ["", { length: false, blanks: false, name: false }],
  ["short", { length: false, blanks: true, name: true }],
  ["correct horse battery", { length: true, blanks: false, name: true }],
  ["xx-BOB-is-my-name", { length: true, blanks: true, name: false }],
  ["ü".repeat(300), { length: false, blanks: true, name: true }],
])("the rules of %j", (password, rules) => {
  expect(rulesOf(password, "Bob")).toEqual(rules);
});

test("a good password keeps all of them", () => {
  expect(isGoodPassword("correct-horse-battery", "Bob")).toBe(true);
  expect(isGoodPassword("correct horse battery", "Bob")).toBe(false);
  expect(isGoodPassword("correct-horse-battery", "")).toBe(true);
});
