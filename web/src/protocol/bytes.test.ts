import { describe, expect, it } from "vitest";
import {
  decodeBase64,
  encodeBase64,
  fromLatin1,
  fromText,
  legible,
  toLatin1,
  toText,
} from "./bytes";
import { LocalProtocolError } from "./errors";

const ALL = Uint8Array.from({ length: 256 }, (_, at) => at);

describe("Latin-1", () => {
  it("takes any byte there and back, however many", () => {
    const many = toLatin1(ALL).repeat(100);
    expect(toLatin1(fromLatin1(many)) === many).toBe(true);
  });

  it("has no other characters", () => {
    expect(() => fromLatin1("€")).toThrow(LocalProtocolError);
  });
});

describe("text", () => {
  it.each([
    ["UTF-8", "gr\u00c3\u00bc\u00f0\u009f\u009a\u0097", "grü🚗"],
    ["its mark at the beginning, which is text", "\u00ef\u00bb\u00bfx", "\ufeffx"],
    ["Latin-1", "gr\u00fc", "gr\udcfc"],
    ["UTF-8 and Latin-1 mixed", "\u00c3\u00bc\u00fc!", "ü\udcfc!"],
    ["a character that is cut", "\u00e2\u0082", "\udce2\udc82"],
    ["a surrogate in UTF-8", "\u00ed\u00a0\u0080", "\udced\udca0\udc80"],
    ["an overlong form", "\u00c0\u0080\u00e0\u0080\u0080", "\udcc0\udc80\udce0\udc80\udc80"],
    ["beyond Unicode", "\u00f4\u0090\u0080\u0080\u00f5", "\udcf4\udc90\udc80\udc80\udcf5"],
  ])("%s is read, and written as it came", (_, latin1, text) => {
    expect(toText(fromLatin1(latin1))).toBe(text);
    expect(toLatin1(fromText(text))).toBe(latin1);
  });

  it("takes any byte there and back", () => {
    expect(fromText(toText(ALL))).toEqual(ALL);
  });

  it("has no half characters of its own", () => {
    expect(() => fromText("a\ud83d")).toThrow(LocalProtocolError);
    expect(() => fromText("\udcff\udfff")).toThrow(LocalProtocolError);
  });

  it("is legible as Latin-1 where it is no UTF-8", () => {
    expect(legible("plain")).toBe("plain");
    expect(legible("grü")).toBe("grü");
    expect(legible("gr\udcfc\udcdf")).toBe("grüß");
  });
});

describe("base64", () => {
  it("takes any byte there and back", () => {
    expect(decodeBase64(encodeBase64(ALL))).toEqual(ALL);
  });

  it.each([
    ["padded", "QQ==", "A"],
    ["with half its padding", "QQ=", "A"],
    ["without it", "QQ", "A"],
    ["three characters", "QUI", "AB"],
    ["nothing", "", ""],
  ])("%s is read", (_, text, bytes) => {
    expect(decodeBase64(text)).toEqual(fromLatin1(bytes));
  });

  it.each([
    "Q",
    "QUJDR",
    "====",
    "=QQ=",
    "QQ==QQ==",
    "Q Q=",
    "QQ\n",
    "QQ-_",
    "QUJD=",
    "QQ===",
    "ü",
  ])("%j is none", (text) => {
    expect(decodeBase64(text)).toBeNull();
  });
});
