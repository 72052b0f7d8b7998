import { describe, expect, it } from "vitest";
import corpus from "../../../tests/corpus/commands.json?raw";
import { fromLatin1, legible, toLatin1 } from "./bytes";
import { COMMANDS, commandMessage, findCommand, isCutAnswer, parseAnswer } from "./commands";
import { messageOf } from "./messages";

interface Spoken {
  readonly number: number;
  readonly text?: string;
  readonly parameters?: string[];
}

interface Corpus {
  readonly commands: { comment: string; data: string; written?: string; command: Spoken | null }[];
  readonly answers: {
    comment: string;
    data: string;
    answer: (Spoken & { readonly result: number }) | null;
    last?: boolean;
  }[];
}

const CORPUS: Corpus = JSON.parse(corpus);

/** Return parameters by name, as forms have them. */
function named(name: string, given: readonly string[]): Record<string, string> {
  const rows = findCommand(name)?.parameters ?? [];
  return Object.fromEntries(rows.map((row, at) => [row.name, given[at] ?? ""]));
}

/** Return a command's data as it is sent, or its problems by parameter. */
function written(name: string, ...parameters: string[]): string | Record<string, string> {
  const line = commandMessage(name, named(name, parameters));
  if ("message" in line) return toLatin1(line.message.data);
  return Object.fromEntries(
    line.problems.map(({ parameter, problem }) => [parameter.name, problem]),
  );
}

function answer(data: string) {
  return parseAnswer(messageOf("c", data));
}

describe("the corpus of answers", () => {
  it.each(CORPUS.answers)("$comment", ({ data, answer: expected, last }) => {
    const read = parseAnswer({ code: "c", data: fromLatin1(data) });
    if (expected === null) {
      expect(read).toBeNull();
      return;
    }
    const { number, result, text } = expected;
    expect(read).toMatchObject({ number, result, isLast: last });
    if (text !== undefined) expect(read?.text).toBe(legible(text));
  });
});

describe("the corpus of commands", () => {
  // A client writes what its forms hold; it reads no commands, and writes none without a name.
  const cases = CORPUS.commands.filter(({ command }) => findCommand(command?.number ?? -1));

  it.each(cases)("$comment", ({ comment, data, written: spelled = data, command }) => {
    const name = findCommand(command?.number ?? -1)?.name ?? "";
    const line = commandMessage(name, named(name, command?.parameters ?? []));
    if ("message" in line) {
      const ours = toLatin1(line.message.data);
      expect(ours.replace(/,+$/, "")).toBe(spelled.replace(/,+$/, ""));
    } else {
      expect(comment).toBe("text that is not UTF-8 leaves as it came"); // nobody types such text
    }
  });
});

describe("a command", () => {
  it.each([
    ["20,1234", "lock", ["1234"]],
    ["20", "lock", []],
    ["20", "lock", [""]],
    ["10,3", "charge-mode", ["range"]],
    ["10,3", "charge-mode", ["3"]],
    ["16,0,16", "charge-mode-current", ["standard", "16"]],
    ["17,1,1350", "charge-timer", ["timer", "1350"]],
    ["26,1", "climate", ["on"]],
    ["24,0", "homelink", ["0"]],
    ["4,8,MY,CAR", "set-parameter", ["8", "MY,CAR"]],
    ["4,8,", "set-parameter", ["8", ""]],
    ["7,echo a, b", "shell", ["echo a, b"]],
    ["7,", "shell", [""]],
    ["7,gr\u00c3\u00bc\u00c3\u009f", "shell", ["grüß"]],
    ["18", "wakeup", []],
    ["31", "history-summary", []],
    ["32,*-LOG-Trip", "history", ["*-LOG-Trip"]],
    ["32,D,2026-01-01 00:00:00", "history", ["D", "2026-01-01 00:00:00"]],
  ])("%s is %s %j", (data, name, parameters) => {
    expect(written(name, ...parameters)).toBe(data);
  });

  it.each([
    [{ pin: "wrong" }, "unlock", ["12a4"]],
    [{ pin: "wrong" }, "valet", ["123456789"]],
    [{ amps: "wrong" }, "charge-current", ["0"]],
    [{ amps: "wrong" }, "charge-current", ["256"]],
    [{ amps: "wrong" }, "charge-current", ["1.5"]],
    [{ amps: "missing" }, "charge-current", []],
    [{ mode: "wrong", amps: "missing" }, "charge-mode-current", ["2"]],
    [{ on: "wrong" }, "climate", ["constructor"]],
    [{ number: "comma" }, "sms", ["1,2", "hello"]],
    [{ number: "missing" }, "sms", ["", "hello"]],
    [{ text: "wrong" }, "shell", ["two\nlines"]],
    [{ text: "wrong" }, "shell", ["half \ud800"]],
    [{ text: "wrong" }, "shell", ["ü".repeat(351)]],
    [{ value: "wrong" }, "set-parameter", ["8", "a\u00a0b"]],
    [{ type: "missing" }, "history", []],
  ])("has the problems %j for %s %j", (problems, name, parameters) => {
    expect(written(name, ...parameters)).toEqual(problems);
  });

  it("takes numbers, yes and no; what it has no parameter for is ignored", () => {
    const data = (name: string, given: Record<string, string | number | boolean>) => {
      const line = commandMessage(name, given);
      return "message" in line ? toLatin1(line.message.data) : line.problems;
    };
    expect(data("climate", { on: true })).toBe("26,1");
    expect(data("climate", { on: false })).toBe("26,0");
    expect(data("charge-mode-current", { amps: 16, mode: "range" })).toBe("16,3,16");
    expect(data("wakeup", { pin: "1" })).toBe("18");
  });

  it("has a row, or is a mistake of ours", () => {
    expect(() => commandMessage("fly")).toThrow(RangeError);
    expect(findCommand("lock")).toBe(findCommand(20));
    expect(findCommand(999)).toBeUndefined();
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
  });

  it("tells who answers it", () => {
    expect(findCommand("history")?.answered_by).toBe("server");
    expect(findCommand("sms")?.answered_by).toBe("modem");
  });
});

describe("an answer", () => {
  it("has its outcome as a word, and the car's own text", () => {
    expect(answer("20,0")).toMatchObject({ outcome: "ok", text: "", row: null });
    expect(answer("20,1,wrong PIN, again")).toMatchObject({
      outcome: "failed",
      text: "wrong PIN, again",
    });
    expect(answer("24,2")?.outcome).toBe("unsupported");
    expect(answer("24,3")?.outcome).toBe("unimplemented");
    expect(answer("24,9")?.outcome).toBeNull();
    expect(answer("7,0,gr\u00fc")?.text).toBe("grü");
  });

  it("has its row, counted from 0 or from 1", () => {
    expect(answer("3,0,30,32,a,b")?.row).toEqual({ index: 30, total: 32, text: "a,b" });
    expect(answer("30,0,2,2,2013-08-10,1,2,3,4")).toMatchObject({
      row: { index: 2, total: 2, text: "2013-08-10,1,2,3,4" },
      isLast: true,
    });
    expect(answer("20,0,1,2,x")?.row).toBeNull();
  });

  it("may say that there is nothing", () => {
    expect(answer("32,1,No historical data available")?.isNothing).toBe(true);
    expect(answer("32,1,something else")?.isNothing).toBe(false);
    expect(answer("20,1")?.isNothing).toBe(false);
  });

  it("may be cut by its module, or be none at all", () => {
    expect(isCutAnswer(messageOf("c", "7,"), 7)).toBe(true);
    expect(isCutAnswer(messageOf("c", "7,"), 8)).toBe(false);
    expect(isCutAnswer(messageOf("C", "7,"), 7)).toBe(false);
    expect(parseAnswer(messageOf("C", "20,0"))).toBeNull();
  });
});
