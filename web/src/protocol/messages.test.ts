import { expect, it } from "vitest";
import corpus from "../../../tests/corpus/messages.json?raw";
import { fromLatin1, toLatin1 } from "./bytes";
import { messageOf, parseBare, parsePlain, toPlain } from "./messages";

interface Case {
  readonly comment: string;
  readonly plain: string;
  readonly message?: [string, string] | null;
  readonly error?: string;
}

const CASES: Case[] = JSON.parse(corpus).slice(1);

it.each(CASES)("the corpus: $comment", ({ plain, message, error }) => {
  const line = fromLatin1(plain);
  if (error !== undefined) {
    expect(() => parsePlain(line)).toThrow(expect.objectContaining({ name: error }));
  } else if (message) {
    const expected = messageOf(...message);
    expect(parsePlain(line)).toEqual(expected);
    expect(toLatin1(toPlain(expected))).toBe(plain);
  } else {
    expect(parsePlain(line)).toBeNull();
  }
});

it("a plain line is a code and data, an empty one nothing", () => {
  expect(parseBare(fromLatin1("S80"))).toEqual(messageOf("S", "80"));
  expect(parseBare(fromLatin1("A"))).toEqual(messageOf("A"));
  expect(parseBare(fromLatin1(""))).toBeNull();
});
