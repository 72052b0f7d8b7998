/** Commands to the car (`C`) and its answers (`c`), by the table of commands. */

import { fromText, legible, toLatin1, toText } from "./bytes";
import type { Message } from "./messages";
import { COMMANDS, type CommandRow, LIMITS, type ParameterRow, RESULTS } from "./tables";

export { COMMANDS, type CommandRow, type ParameterRow };

const NUMBER = /^0*(\d{1,5})$/;
const ROW = /^(\d{1,9}),(\d{1,9})(?:,([\s\S]*)|$)/;
const DIGITS = /^[0-9]{1,5}$/;
const PIN = /^[0-9]{1,8}$/;
const PRINTABLE = /^(?:[^\p{C}\p{Z}]|[ ])*$/u;

const BY_NAME = new Map(COMMANDS.map((row) => [row.name, row]));
const BY_NUMBER = new Map(COMMANDS.map((row) => [row.number, row]));
const RESULT_WORDS = new Map(Object.entries(RESULTS).map(([word, number]) => [number, word]));

/** What is wrong with one parameter of a command; its type says what it may be. */
export interface ParameterProblem {
  readonly parameter: ParameterRow;
  /** `comma`: it would begin another parameter. */
  readonly problem: "missing" | "wrong" | "comma";
}

export type CommandLine =
  | { readonly message: Message; readonly spec: CommandRow }
  | { readonly problems: readonly ParameterProblem[] };

/** Return the row of a command by its name or number. */
export function findCommand(name: string | number): CommandRow | undefined {
  return typeof name === "number" ? BY_NUMBER.get(name) : BY_NAME.get(name);
}

/** Parameters by the names of the table. `true` and `false` are 1 and 0. */
export type CommandParameters = Readonly<Record<string, string | number | boolean>>;

/**
 * Return the `C` of a command, or what is wrong with its parameters. A choice may be its word or
 * its number. A PIN may be left out: some cars want none.
 *
 * Throws `RangeError` for a name that no command has.
 */
export function commandMessage(name: string, parameters: CommandParameters = {}): CommandLine {
  const spec = BY_NAME.get(name);
  if (spec === undefined) throw new RangeError(`no command is called ${name}`);
  const given = spec.parameters.map((row) => textOf(row, parameters[row.name] ?? ""));
  const problems = findProblems(spec, given);
  if (problems.length > 0) return { problems };
  while (given.at(-1) === "" && mayBeLeftOut(spec, given.length - 1)) given.pop();
  const comma = given.length > 0 || spec.needs_comma ? "," : "";
  const data = fromText(`${spec.number}${comma}${given.join(",")}`);
  return { message: { code: "C", data }, spec };
}

function findProblems(spec: CommandRow, given: readonly string[]): ParameterProblem[] {
  return spec.parameters.flatMap((row, at): ParameterProblem[] => {
    const isNothingBehind = given.slice(at).every((text) => text === "");
    if (mayBeLeftOut(spec, at) && isNothingBehind) return [];
    const isRest = spec.whole_line === true && at === spec.parameters.length - 1;
    const problem = problemOf(row, given[at] ?? "", isRest);
    return problem === null ? [] : [{ parameter: row, problem }];
  });
}

function mayBeLeftOut(spec: CommandRow, at: number): boolean {
  const isOptional = at >= spec.parameters.length - (spec.optional ?? 0);
  return isOptional || spec.parameters[at]?.type === "pin";
}

/** Return a parameter as it is sent: the number of a choice's word, other text as it is. */
function textOf(row: ParameterRow, given: string | number | boolean): string {
  const text = String(typeof given === "boolean" ? Number(given) : given);
  if (row.type !== "choice") return text;
  return Object.entries(row.words).find(([, word]) => word === text)?.[0] ?? text;
}

function problemOf(
  row: ParameterRow,
  text: string,
  isRest: boolean,
): ParameterProblem["problem"] | null {
  if (text === "" && !(isRest && row.type === "text")) return "missing";
  if (!isRest && text.includes(",")) return "comma";
  return isGood(row, text) ? null : "wrong";
}

function isGood(row: ParameterRow, text: string): boolean {
  switch (row.type) {
    case "number":
      return DIGITS.test(text) && row.least <= Number(text) && Number(text) <= row.most;
    case "choice":
      return Object.hasOwn(row.words, text);
    case "pin":
      return PIN.test(text);
    case "text":
      return PRINTABLE.test(text) && fromText(text).length <= row.longest;
  }
}

/** One of the rows of an answer: `text` is what is behind its number and their total. */
export interface AnswerRow {
  readonly index: number;
  readonly total: number;
  readonly text: string;
}

export interface Answer {
  readonly number: number;
  readonly result: number;
  /** `ok`, `failed`, `unsupported`, `unimplemented`; `null` for another number. */
  readonly outcome: string | null;
  readonly text: string;
  /** For a command that is answered in rows. */
  readonly row: AnswerRow | null;
  /** No more rows follow, as far as the answer shows it. */
  readonly isLast: boolean;
  /** The server says that there are no rows. */
  readonly isNothing: boolean;
}

/** Read a `c`; `null` for any other message, and without number and result. */
export function parseAnswer(message: Message): Answer | null {
  if (message.code !== "c") return null;
  const [first = "", second = "", ...rest] = toText(message.data).split(",");
  const number = commandNumber(first);
  const result = commandNumber(second);
  if (number === null || result === null) return null;
  const text = legible(rest.join(","));
  const spec = BY_NUMBER.get(number);
  const row = result === RESULTS.ok ? rowOf(spec, text) : null;
  const last = row === null ? 0 : row.total - 1 + (spec?.first_row ?? 0);
  return {
    number,
    result,
    outcome: RESULT_WORDS.get(result) ?? null,
    text,
    row,
    isLast: row === null || row.index >= last,
    isNothing: result === RESULTS.failed && text === spec?.nothing,
  };
}

function rowOf(spec: CommandRow | undefined, text: string): AnswerRow | null {
  const found = spec?.first_row === undefined ? null : ROW.exec(text);
  if (!found) return null;
  return { index: Number(found[1]), total: Number(found[2]), text: found[3] ?? "" };
}

/** Return whether a module has cut its answer to a command: how it ended is unknown. */
export function isCutAnswer({ code, data }: Message, number: number): boolean {
  return code === "c" && toLatin1(data) === `${number},`;
}

/** Return the number of a command of whatever kind of line; `null` for what is none. */
function commandNumber(text: string): number | null {
  const value = Number(NUMBER.exec(text)?.[1] ?? Number.NaN);
  return value <= LIMITS.highest_command ? value : null;
}
