import { expect, it } from "vitest";
import { changesOf, settingsOf, shownValue } from "./moduleSettings";

const ROWS = [
  ["2", "K"],
  ["3", "SMS", "IP"],
  ["9", "*"],
  ["13", ""],
  ["24", "5"],
];

it("names what all modules have, and leaves features to their own form", () => {
  const settings = settingsOf("parameters", ROWS);
  expect(settings.map(({ number, name, isSecret }) => [number, name, isSecret])).toEqual([
    [2, "miles / kilometer flag", false],
    [3, "notification method list", false],
    [9, "network password", true],
    [13, null, false],
  ]);
  expect(settings[1]?.value).toBe("SMS,IP");
  expect(settingsOf("features", [["9", "20"]])[0]).toMatchObject({ name: "minimum SOC" });
});

it("sends only what was changed, and no password that was left empty", () => {
  const settings = settingsOf("parameters", ROWS);
  expect(changesOf(settings, {})).toEqual([]);
  expect(changesOf(settings, { 2: "K", 3: "IP", 9: "" })).toEqual([[3, "IP"]]);
  expect(changesOf(settings, { 9: "new", 3: "" })).toEqual([
    [3, ""],
    [9, "new"],
  ]);
});

it("shows no mask as if it were a password", () => {
  const [, , password] = settingsOf("parameters", ROWS);
  expect(password && shownValue(password, {})).toBe("");
  expect(password && shownValue(password, { 9: "a" })).toBe("a");
});
