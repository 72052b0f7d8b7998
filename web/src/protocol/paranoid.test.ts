import { describe, expect, it } from "vitest";
import vectors from "../../../tests/corpus/vectors.json";
import { fromText } from "./bytes";
import { WrongPassword } from "./errors";
import { type Message, messageOf } from "./messages";
import { Opener, Sealer, sealedMessage, tokenOf } from "./paranoid";

const { paranoid } = vectors;
const SEALER = Sealer.make(paranoid.module_password, paranoid.token);
const TOKEN = messageOf("E", `T${paranoid.token}`);
const STATUS = messageOf("S", "80,K,220,70,charging,standard,280,270");
const COMMAND = messageOf("C", "20,1234");

function lineOf(text: string): Message {
  return messageOf(text.slice(0, 1), text.slice(1));
}

function opener(password: string | null = paranoid.module_password): Opener {
  const made = new Opener(password);
  made.receive(TOKEN);
  return made;
}

describe("a sealer", () => {
  it.each(paranoid.messages)("seals and opens the vector $plain", ({ plain, sealed }) => {
    expect(SEALER.seal(lineOf(plain))).toEqual(lineOf(sealed));
    expect(SEALER.open(lineOf(sealed))).toEqual(lineOf(plain));
  });

  it.each(["", "7,0,a\rb\r\n\tc", "7,0,Z\u00fcrich 12 \u00b0C", "0"])(
    "opens the text %j",
    (data) => {
      expect(SEALER.open(SEALER.seal(messageOf("c", data)))).toEqual(messageOf("c", data));
    },
  );

  it("opens any text in UTF-8", () => {
    const message = { code: "c", data: fromText("7,0,日本 🚗") };
    expect(SEALER.open(SEALER.seal(message))).toEqual(message);
  });

  it.each([..."AEPag"])("leaves %s as it is", (code) => {
    expect(SEALER.seal(messageOf(code, "x"))).toEqual(messageOf(code, "x"));
  });

  it("seals a code that nobody knows", () => {
    expect(SEALER.seal(messageOf("q", "x")).code).toBe("E");
  });

  it("tells another password's messages from text, and what is not base64", () => {
    const other = Sealer.make("wrong", paranoid.token);
    for (const { sealed } of paranoid.messages) {
      expect(() => other.open(lineOf(sealed))).toThrow(WrongPassword);
    }
    expect(() => SEALER.open(messageOf("E", "MS?!"))).toThrow(WrongPassword);
  });

  it("leaves what is not sealed", () => {
    expect(SEALER.open(STATUS)).toEqual(STATUS);
    expect(SEALER.open(TOKEN)).toEqual(TOKEN);
  });
});

describe("the messages of paranoid mode", () => {
  it("are a token, or a code and sealed data", () => {
    expect(tokenOf(TOKEN)).toBe(paranoid.token);
    expect(tokenOf(messageOf("S", "T"))).toBeNull();
    expect(sealedMessage(messageOf("E", "MSabc"))).toEqual(messageOf("S", "abc"));
    expect(sealedMessage(messageOf("E", "M"))).toBeNull();
    expect(sealedMessage(TOKEN)).toBeNull();
    expect(sealedMessage(STATUS)).toBeNull();
  });
});

describe("an opener", () => {
  it("opens once the token is known, and seals commands", () => {
    const made = new Opener(paranoid.module_password);
    expect(made.receive(SEALER.seal(STATUS)).code).toBe("E");
    expect(made.seals).toBe(false);
    expect(made.seal(COMMAND)).toEqual(COMMAND);
    expect(made.receive(TOKEN)).toEqual(TOKEN);
    expect(made.receive(SEALER.seal(STATUS))).toEqual(STATUS);
    expect(made.receive(STATUS)).toEqual(STATUS);
    expect(made.seals).toBe(true);
    expect(made.seal(COMMAND)).toEqual(SEALER.seal(COMMAND));
  });

  it("opens nothing without a password", () => {
    const made = opener(null);
    expect(made.hasPassword).toBe(false);
    expect(made.receive(SEALER.seal(STATUS)).code).toBe("E");
    expect(made.seal(COMMAND)).toEqual(COMMAND);
    expect(made.isWrong).toBe(false);
  });

  it("notices a wrong password at the first rubbish, and seals no command under it", () => {
    const made = opener("wrong");
    expect(made.receive(SEALER.seal(STATUS)).code).toBe("E");
    expect(made.isWrong).toBe(true);
    expect(() => made.seal(COMMAND)).toThrow(WrongPassword);
    expect(made.receive(SEALER.seal(messageOf("c", "20,0"))).code).toBe("E");
  });

  it("tries again under another token, not under the same one", () => {
    const made = opener("wrong");
    made.receive(SEALER.seal(STATUS));
    made.receive(TOKEN);
    expect(made.isWrong).toBe(true);
    made.receive(messageOf("E", "TAnOtHeRtOkEn0123456789"));
    expect(made.isWrong).toBe(false);
    made.restart();
    expect(made.token).toBeNull();
  });

  it("does not doubt a proven password for one damaged message", () => {
    const made = opener();
    made.receive(SEALER.seal(STATUS));
    expect(made.receive(messageOf("E", "MS\u00ff")).code).toBe("E");
    expect(made.isWrong).toBe(false);
    expect(made.receive(SEALER.seal(STATUS))).toEqual(STATUS);
  });

  it("believes a few bytes only if they are what they say", () => {
    const made = opener();
    const short = SEALER.seal(messageOf("c", "abc"));
    expect(made.receive(short)).toEqual(short);
    expect(made.receive(SEALER.seal(messageOf("c", "20,0")))).toEqual(messageOf("c", "20,0"));
  });

  it("opens nothing that a car never seals", () => {
    const made = opener();
    for (const code of "AaZ") {
      const message = messageOf("E", `M${code}AAAA`);
      expect(made.receive(message)).toEqual(message);
    }
  });
});
