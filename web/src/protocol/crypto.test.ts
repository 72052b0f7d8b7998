import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import vectors from "../../../tests/corpus/vectors.json";
import { fromLatin1, toLatin1 } from "./bytes";
import {
  digestProves,
  isSame,
  makeDigest,
  makeToken,
  Stream,
  seal,
  sessionKey,
  unseal,
} from "./crypto";

const { welcome, paranoid } = vectors;
const KEY = hexToBytes(paranoid.key_hex);

describe("the vectors", () => {
  it("have our digests and keys", () => {
    expect(makeDigest(welcome.secret, welcome.client_token)).toBe(welcome.client_digest);
    expect(makeDigest(welcome.secret, welcome.server_token)).toBe(welcome.server_digest);
    const key = sessionKey(welcome.secret, welcome.server_token, welcome.client_token);
    expect(bytesToHex(key)).toBe(welcome.session_key_hex);
  });

  it("prove a secret with padding and without, and no other", () => {
    const { secret, server_token: token, server_digest: digest } = welcome;
    expect(digestProves(secret, token, digest)).toBe(true);
    expect(digestProves(secret, token, digest.replace("==", ""))).toBe(true);
    expect(digestProves(`${secret}x`, token, digest)).toBe(false);
    expect(digestProves(secret, token, "==")).toBe(false);
    expect(digestProves(secret, token, "äÿ")).toBe(false);
  });
});

describe("texts in constant time", () => {
  it.each([
    ["", "", true],
    ["abc", "abc", true],
    ["abc", "abd", false],
    ["abc", "ab", false],
    ["ab", "abc", false],
    ["ab", "ab\0", false],
  ])("%j and %j: %s", (one, other, same) => {
    expect(isSame(one, other)).toBe(same);
  });
});

describe("a stream", () => {
  // RFC 6229, the key 0102…10, from offset 1024.
  it("is RC4 without its first 1024 bytes", () => {
    const key = Uint8Array.from({ length: 16 }, (_, at) => at + 1);
    const zeros = new Uint8Array(16);
    expect(bytesToHex(new Stream(key).update(zeros))).toBe("bdf0324e6083dcc6d3cedd3ca8c53c16");
  });

  it("goes on from line to line", () => {
    const [whole, parts] = [new Stream(KEY), new Stream(KEY)];
    const data = fromLatin1("MP-0 S80,K");
    const joined = [...parts.update(data.subarray(0, 3)), ...parts.update(data.subarray(3))];
    expect([...whole.update(data)]).toEqual(joined);
  });
});

describe("what is sealed", () => {
  it("opens, also where an ESP32 has cut it", () => {
    const sealed = seal(KEY, fromLatin1("80,K,220,70"));
    const opened = (text: string) => {
      const data = unseal(KEY, text);
      return data && toLatin1(data);
    };
    expect(opened(sealed)).toBe("80,K,220,70");
    expect(opened(sealed.slice(0, 11))).toBe("80,K,220");
    expect(opened(sealed.slice(0, 10))).toBe("80,K,22");
    expect(opened(sealed.slice(0, 9))).toBe("80,K,2");
    expect(opened("not base64")).toBeNull();
  });
});

it("a token has 22 characters of the base64 alphabet", () => {
  const token = makeToken((count) => new Uint8Array(count).fill(0xff));
  expect(token).toBe("/".repeat(22));
});
