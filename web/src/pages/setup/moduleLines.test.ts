import { expect, test } from "vitest";
import type { ModuleServerAnswer } from "../../data/moduleSetup";
import { esp32Lines, linkOf, picLines, picProblems, prefersTls, quoted } from "./moduleLines";

const CERTIFICATE = {
  is_trusted: true,
  covers_host: true,
  names: ["cars.example"],
  anchor: "ISRG Root X1",
  fingerprint: "AA:BB",
  ends: "2027-01-01T00:00:00.000Z",
  authority: null,
};

const SERVER: ModuleServerAnswer = {
  host: "cars.example",
  is_certain: true,
  port: 6867,
  tls_port: 6870,
  certificate: CERTIFICATE,
};

const SELF_MADE = { ...SERVER, certificate: { ...CERTIFICATE, is_trusted: false } };

test("an ESP32 is told the server, TLS and its secret", () => {
  const lines = esp32Lines(linkOf(SERVER, "CAR1", "s3cret", true));
  expect(lines.slice(1, 6)).toEqual([
    "config set vehicle id CAR1",
    "config set password server.v2 s3cret",
    "config set server.v2 server cars.example",
    "config set server.v2 tls yes",
    "config set auto server.v2 yes",
  ]);
});

test("a port is told only if it is not the usual one", () => {
  const other = { ...SERVER, port: 16867 };
  expect(esp32Lines(linkOf(other, "CAR1", "x", false))).toContain(
    "config set server.v2 port 16867",
  );
  expect(esp32Lines(linkOf(other, "CAR1", "x", true)).join()).not.toContain("port");
});

test("a server without a name has a word in its place", () => {
  const lines = picLines(linkOf({ ...SERVER, host: null }, "CAR1", "x", false), "M");
  expect(lines).toEqual([
    "REGISTER password",
    "MODULE CAR1 M SMSIP",
    "SERVER HOST x",
    "GPRS apn - -",
  ]);
});

test("what keeps a PIC from calling", () => {
  const link = linkOf(SERVER, "A".repeat(32), "x", false);
  expect(picProblems(SERVER, false, link)).toEqual(["longId"]);
  expect(picProblems({ ...SERVER, port: 1 }, false, link)).toEqual(["otherPort", "longId"]);
  expect(picProblems({ ...SERVER, port: null }, false, link)).toEqual(["noPlainPort"]);
  expect(picProblems(SERVER, true, link)).toEqual(["noPlainPort"]);
});

test("a module calls over TLS where it trusts the server, or must", () => {
  expect(prefersTls(SERVER, false)).toBe(true);
  expect(prefersTls(SELF_MADE, false)).toBe(false);
  expect(prefersTls(SELF_MADE, true)).toBe(true);
  expect(prefersTls({ ...SELF_MADE, port: null }, false)).toBe(true);
  expect(prefersTls({ ...SERVER, tls_port: null, certificate: null }, true)).toBe(false);
});

test.each([
  ["plain", "plain"],
  ["two words", '"two words"'],
  ['"so', `'"so'`],
])("the shell takes %s as %s", (value, written) => {
  expect(quoted(value)).toBe(written);
});
