import { describe, expect, it } from "vitest";
import sessions from "../../../tests/corpus/sessions.json";
import vectors from "../../../tests/corpus/vectors.json";
import { decodeBase64, fromLatin1, toLatin1 } from "./bytes";
import { Stream, sessionKey } from "./crypto";
import { LocalProtocolError, ProtocolError, RemoteProtocolError } from "./errors";
import { type Message, messageOf, toPlain } from "./messages";
import { ClientSession, type Credentials, type SessionEvent } from "./session";
import { LIMITS } from "./tables";

const { welcome } = vectors;
const VEHICLE: Credentials = { scheme: "0x30", vehicleId: "TESTCAR", secret: welcome.secret };
const OWNER: Credentials = { scheme: "0x31", user: "me", password: "pw" };

/** Cases about a byte stream: a frame is always a whole line. */
const STREAM_ONLY = new Set([
  "half a message, and then the end",
  "a long line right behind the welcome is measured as one behind it",
]);

/** Randomness that makes the client's token of the vectors. */
function random(): Uint8Array {
  const bytes = decodeBase64(`${welcome.client_token}A=`);
  if (bytes === null) throw new Error("no token");
  return bytes;
}

function start(credentials: Credentials): ClientSession {
  return ClientSession.start(credentials, random).session;
}

function opened(credentials: Credentials): ClientSession {
  const session = start(credentials);
  session.receive(credentials.scheme === "0x30" ? welcome.server_line : "MP-S 1 me CAR1 CAR1 CAR2");
  expect(session.state).toBe("open");
  return session;
}

/** Write an event as the corpus does. */
function told(event: SessionEvent): string[] {
  if (event.type === "open") return ["ServerWelcome"];
  return ["Message", toLatin1(toPlain(event.message)).slice(5)];
}

function isOfCar([name]: readonly string[]): boolean {
  return name === "ProvisionRefused" || name === "ProvisionRecord";
}

type Part = string | (string | number)[];

function whole(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === "string" ? part : String(part[0]).repeat(Number(part[1]))))
    .join("");
}

describe("the corpus of sessions", () => {
  const cases = sessions.caller.filter(({ comment }) => !STREAM_ONLY.has(comment));

  it.each(cases)("$comment", ({ lines, events, error }) => {
    const session = start(VEHICLE);
    const heard: string[][] = [];
    let ended: string | null = null;
    for (const line of whole(lines).split("\n")) {
      try {
        heard.push(...session.receive(line).map(told));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RemoteProtocolError);
        ended ??= (thrown as Error).name;
        expect(session.state).toBe("closed");
      }
    }
    expect(heard).toEqual(events.filter((event) => !isOfCar(event)));
    expect(ended).toBe(error);
  });

  it("has every case that is left out", () => {
    const names = new Set(sessions.caller.map(({ comment }) => comment));
    expect([...STREAM_ONLY].filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("scheme 0x30", () => {
  it("says what the vectors say", () => {
    const { session, line } = ClientSession.start(VEHICLE, random);
    expect(line).toBe(welcome.client_line.replace("MP-C", "MP-A"));
    session.receive(welcome.server_line);
    for (const { plain, line: ciphered } of vectors.client_to_server) {
      expect(session.send(messageOf(plain.slice(5, 6), plain.slice(6)))).toBe(ciphered);
    }
    for (const { plain, line: ciphered } of vectors.server_to_client) {
      expect(session.receive(ciphered).map(told)).toEqual([["Message", plain.slice(5)]]);
    }
  });

  it("tells which vehicle it is about", () => {
    const [event] = start(VEHICLE).receive(welcome.server_line);
    expect(event).toEqual({ type: "open", vehicleId: "TESTCAR", vehicleIds: ["TESTCAR"] });
  });

  it("carries the longest line there may be, and none longer", () => {
    const session = opened(VEHICLE);
    const longest = { code: "C", data: new Uint8Array(LIMITS.plain - 6) };
    expect(session.send(longest).length).toBeLessThan(LIMITS.line);
    const longer = { code: "C", data: new Uint8Array(LIMITS.plain - 5) };
    expect(() => session.send(longer)).toThrow(LocalProtocolError);
  });

  it("reads a message of any bytes, as another end ciphers it", () => {
    const session = opened(VEHICLE);
    const key = sessionKey(welcome.secret, welcome.server_token, welcome.client_token);
    const server = new Stream(key);
    const data = Uint8Array.from({ length: 256 }, (_, at) => at);
    const line = btoa(toLatin1(server.update(toPlain({ code: "S", data }))));
    expect(session.receive(line)).toEqual([{ type: "message", message: { code: "S", data } }]);
  });
});

describe("scheme 0x31", () => {
  it("logs in, and tells all of the owner's vehicles", () => {
    const { session, line } = ClientSession.start({ ...OWNER, vehicleId: "CAR2" }, random);
    expect(line).toBe("MP-A 1 me pw CAR2");
    const [event] = session.receive("MP-S 1 me CAR2 CAR1 CAR2\r\n");
    expect(event).toEqual({ type: "open", vehicleId: "CAR2", vehicleIds: ["CAR1", "CAR2"] });
  });

  it("asks for the first vehicle if none is named, and may call as a batch client", () => {
    expect(ClientSession.start({ ...OWNER, role: "B" }, random).line).toBe("MP-B 1 me pw *");
  });

  it("speaks plain lines, in UTF-8 where they are that", () => {
    const session = opened(OWNER);
    expect(session.receive("PAGrüße").map(told)).toEqual([
      ["Message", "PAGr\u00c3\u00bc\u00c3\u009fe"],
    ]);
    expect(session.send(messageOf("C", "7,gr\u00c3\u00bc\n"))).toBe("C7,grü\r");
    expect(session.send(messageOf("C", "7,gr\u00fc"))).toBe("C7,grü");
    expect(session.receive("")).toEqual([]);
  });

  it("takes a welcome of so many vehicles, and no longer line", () => {
    const many = Array.from({ length: 2000 }, (_, at) => `CAR${at}`).join(" ");
    expect(start(OWNER).receive(`MP-S 1 me CAR1 ${many}`)).toHaveLength(1);
    expect(() => opened(OWNER).receive("x".repeat(LIMITS.line))).toThrow("longer than 65536");
    expect(() => opened(OWNER).receive("ü".repeat(LIMITS.line / 2))).toThrow("longer than 65536");
  });

  it("refuses the other scheme's welcome", () => {
    expect(() => start(OWNER).receive(welcome.server_line)).toThrow(RemoteProtocolError);
  });
});

describe("what our side may not say", () => {
  it.each<[string, Credentials]>([
    ["a blank in the user's name", { ...OWNER, user: "a b" }],
    ["no password", { ...OWNER, password: "" }],
    ["a line end in the vehicle id", { ...VEHICLE, vehicleId: "A\nB" }],
    ["a welcome that is too long", { ...VEHICLE, vehicleId: "x".repeat(1024) }],
    ["half a character", { ...VEHICLE, secret: "\ud800" }],
  ])("%s", (_, credentials) => {
    expect(() => start(credentials)).toThrow(LocalProtocolError);
  });

  it("nothing before the welcome, nothing behind the end", () => {
    const session = start(VEHICLE);
    expect(() => session.send(messageOf("A"))).toThrow(LocalProtocolError);
    session.close();
    expect(() => session.send(messageOf("A"))).toThrow(LocalProtocolError);
    expect(session.receive(welcome.server_line)).toEqual([]);
  });

  it.each(["", "ab", "\u20ac"])("a code %j that is no byte", (code) => {
    const message: Message = { code, data: fromLatin1("") };
    expect(() => opened(OWNER).send(message)).toThrow(LocalProtocolError);
  });

  it("a token of too little randomness", () => {
    expect(() => ClientSession.start(VEHICLE, () => new Uint8Array(4))).toThrow(ProtocolError);
  });
});
