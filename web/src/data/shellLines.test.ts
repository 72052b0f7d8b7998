import { expect, test } from "vitest";
import {
  favourites,
  forgetLines,
  isSecret,
  remember,
  shellHistory,
  toggleFavourite,
} from "./shellLines";

test("lines belong to the account that sent them, and go with its log-out", () => {
  remember("Bob", "stat");
  remember("Bob", "location");
  remember("Bob", "stat");
  toggleFavourite("Bob", "stat");
  expect([shellHistory("Bob"), favourites("Bob")]).toEqual([["location", "stat"], ["stat"]]);
  expect([shellHistory("Alice"), favourites("Alice")]).toEqual([[], []]);
  forgetLines("Bob");
  expect([shellHistory("Bob"), favourites("Bob")]).toEqual([[], []]);
});

test.each([
  "config set 9 abc",
  "vehicle passwd",
  "config set password module x",
  "PIN 12",
  "unlock 1234",
  " Lock 1234",
  "valet 1234",
  "unvalet 1234",
  "enable hunter2",
])("%s may hold a password or a PIN, and is not remembered", (line) => {
  expect(isSecret(line)).toBe(true);
  remember("Bob", line);
  expect(shellHistory("Bob")).toEqual([]);
});

test.each(["stat", "metrics list v.b", "location", "lock", "enable", "module unlocked"])(
  "%s holds neither",
  (line) => expect(isSecret(line)).toBe(false),
);
