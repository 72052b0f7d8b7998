// Commands to one car: one at a time, each with what becomes of it.

import {
  type AnswerRow,
  type CommandParameters,
  type CommandRow,
  commandMessage,
  findCommand,
  isCutAnswer,
  parseAnswer,
} from "../../protocol/commands";
import { WrongPassword } from "../../protocol/errors";
import type { Message } from "../../protocol/messages";
import { serverTime } from "../clock";
import type { CommandFailure, CommandRun } from "./types";

/** Milliseconds for an answer, or for the next row of one: longer than the server itself waits. */
export const ANSWER_TIMEOUT = 75_000;
/** Commands that are remembered for their page. */
const RUNS_LIMIT = 30;
const WAITING_LIMIT = 10;
/** Rows of one answer that are kept; a history of years has more. */
const ROWS_LIMIT = 5000;

export interface CommandWay {
  /** Why the car cannot be told anything now; null if it can. */
  blocked(): "not_connected" | "car_away" | null;
  /** Send a command, sealed where the car wants it so. Throws `WrongPassword`. */
  send(message: Message): boolean;
  /** Something about a command has changed. */
  changed(): void;
  /** A person gave a command: pages show it at once. */
  given(): void;
}

interface Pending {
  id: number;
  spec: CommandRow;
  message: Message;
  done: (run: CommandRun) => void;
}

export class CommandQueue {
  #runs: readonly CommandRun[] = [];
  #waiting: Pending[] = [];
  #current: Pending | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastId = 0;

  constructor(private readonly way: CommandWay) {}

  get runs(): readonly CommandRun[] {
    return this.#runs;
  }

  /** Send a command when it is its turn; return how it ended. */
  run(name: string, parameters: CommandParameters = {}): Promise<CommandRun> {
    const ended = this.#begin(name, parameters);
    this.way.given();
    return ended;
  }

  #begin(name: string, parameters: CommandParameters): Promise<CommandRun> {
    const spec = findCommand(name);
    if (spec === undefined) throw new RangeError(`no command is called ${name}`);
    const words = spec.parameters.map((row) => wordOf(parameters[row.name]));
    const line = commandMessage(name, parameters);
    const id = this.#add(spec, words);
    if ("problems" in line) {
      this.#change(id, { problems: line.problems });
      return Promise.resolve(this.#fail(id, "invalid"));
    }
    if (this.#waiting.length >= WAITING_LIMIT) return Promise.resolve(this.#fail(id, "too_many"));
    return new Promise((done) => {
      this.#waiting.push({ id, spec, message: line.message, done });
      this.#next();
    });
  }

  /** Handle a `c`; return whether it answers what was asked here. */
  receive(message: Message): boolean {
    const current = this.#current;
    if (current === null) return false;
    if (isCutAnswer(message, current.spec.number)) {
      this.#end({ status: "done" });
      return true;
    }
    const answer = parseAnswer(message);
    if (answer === null || answer.number !== current.spec.number) return false;
    if (answer.row !== null) {
      this.#addRow(current.id, answer.row);
      if (answer.isLast) this.#end({ status: "done" });
    } else if (answer.outcome === "ok" || answer.isNothing) {
      this.#end({ status: "done", text: answer.isNothing ? "" : answer.text });
    } else {
      const failure = answer.outcome?.startsWith("un") ? "unsupported" : "refused";
      this.#end({ status: "failed", failure, text: answer.text });
    }
    return true;
  }

  /** Handle the end of the connection: nobody will answer what was sent on it. */
  lost(): void {
    this.#endAll("connection_lost");
  }

  /** Handle the car's leave: a reboot does that, and is answered by nothing else. */
  carLeft(): void {
    if (this.#current?.spec.name === "reboot") this.#end({ status: "done" });
  }

  #next(): void {
    if (this.#current !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#current = next;
    const blocked = this.way.blocked();
    if (blocked === "not_connected" || (blocked !== null && next.spec.answered_by !== "server")) {
      this.#end({ status: "failed", failure: blocked });
      return;
    }
    try {
      const isSent = this.way.send(next.message);
      if (isSent) this.#sent(next.id);
      else this.#end({ status: "failed", failure: "not_connected" });
    } catch (error) {
      const failure = error instanceof WrongPassword ? "wrong_password" : "not_connected";
      this.#end({ status: "failed", failure });
    }
  }

  #sent(id: number): void {
    this.#change(id, { status: "sent" });
    this.#restartTimer();
  }

  #addRow(id: number, { index, text }: AnswerRow): void {
    const rows = this.#runs.find((run) => run.id === id)?.rows ?? [];
    this.#restartTimer();
    if (rows.length < ROWS_LIMIT) {
      this.#change(id, {
        status: "answering",
        rows: [...rows, [String(index), ...text.split(",")]],
      });
    }
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#end({ status: "failed", failure: "unanswered" }),
      ANSWER_TIMEOUT,
    );
  }

  #endAll(failure: CommandFailure): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#current !== null) this.#end({ status: "failed", failure });
    for (const { id, done } of waiting) done(this.#fail(id, failure));
  }

  #end(how: Partial<CommandRun>): void {
    const current = this.#current;
    if (current === null) return;
    clearTimeout(this.#timer);
    this.#current = null;
    current.done(this.#change(current.id, { ...how, ended: serverTime() }));
    this.#next();
  }

  #fail(id: number, failure: CommandFailure): CommandRun {
    return this.#change(id, { status: "failed", failure, ended: serverTime() });
  }

  #add(spec: CommandRow, words: readonly string[]): number {
    this.#lastId += 1;
    const given = spec.parameters.map(({ name, type }, at) => {
      const word = words[at] ?? "";
      return [name, type === "pin" && word !== "" ? "*" : word];
    });
    const run: CommandRun = {
      id: this.#lastId,
      name: spec.name,
      parameters: Object.fromEntries(given),
      status: "waiting",
      failure: null,
      problems: [],
      text: "",
      rows: [],
      began: serverTime(),
      ended: null,
    };
    this.#runs = [run, ...this.#runs].filter(({ ended }, at) => at < RUNS_LIMIT || ended === null);
    this.way.changed();
    return run.id;
  }

  #change(id: number, what: Partial<CommandRun>): CommandRun {
    let changed: CommandRun | undefined;
    this.#runs = this.#runs.map((run) => {
      if (run.id !== id) return run;
      changed = { ...run, ...what };
      return changed;
    });
    this.way.changed();
    if (changed === undefined) throw new Error("a command that runs is among the last ones");
    return changed;
  }
}

/** Return a parameter as it is written: yes and no are what the table calls `on` and `off`. */
function wordOf(value: string | number | boolean | undefined): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return value === undefined ? "" : String(value);
}
