// What a vehicle has said on one connection: its latest messages, opened where they were sealed.

import { type Message, messageOf } from "../../protocol/messages";
import { opensCommands } from "../../protocol/modules";
import { Opener, sealedMessage } from "../../protocol/paranoid";
import { distanceUnit, type LatestMessage, moduleOf, stateGroups } from "../../protocol/state";
import { GROUPS } from "../../protocol/tables";
import type { StateAnswer } from "../api-types";
import type { GroupName, Groups, Sealing, VehicleState } from "./types";

/** The codes that groups are made of: nothing else is kept, so this cannot grow. */
const KEPT = new Set([...GROUPS.map(({ code }) => code), "W"]);

export class Reports {
  #opener: Opener;
  #latest = new Map<string, LatestMessage>();
  /** What came sealed, to be opened again when the password changes. */
  #sealed = new Map<string, LatestMessage & { message: Message }>();
  #hidden: readonly GroupName[] = [];
  #heard: number | null = null;

  constructor(password: string | null) {
    this.#opener = new Opener(password);
  }

  /** Return a message opened, if that can be done here; keep it if it belongs to the state. */
  receive(message: Message, time: number): Message {
    const token = this.#opener.token;
    const opened = this.#opener.receive(message);
    if (this.#opener.token !== token) this.#forget(); // a new token voids what was said before
    const sealed = sealedMessage(message);
    const code = sealed?.code ?? message.code;
    if (KEPT.has(code)) {
      const isSealed = sealed !== null && opened === message;
      this.#latest.set(code, { data: opened.data, time, isSealed });
      if (sealed !== null) this.#sealed.set(code, { message, data: message.data, time });
      else this.#sealed.delete(code);
      this.#heard = Math.max(time, this.#heard ?? time);
    }
    return opened;
  }

  /** Date what the server had stored: the newest is so old, and of groups the API knows more. */
  date(newest: number, asked: StateAnswer | null): void {
    const times = timesOf(asked);
    for (const [code, message] of this.#latest) {
      this.#latest.set(code, { ...message, time: times.get(code) ?? newest });
    }
    this.#heard = this.#latest.size > 0 ? newest : null;
    this.#hidden = (asked?.hidden ?? []).filter(isGroup);
  }

  /** Open what is sealed with another password. */
  setPassword(password: string | null): void {
    const token = this.#opener.token;
    const sealed = [...this.#sealed.values()];
    this.#opener = new Opener(password);
    if (token !== null) this.#opener.receive(messageOf("E", `T${token}`));
    for (const { message, time } of sealed) this.receive(message, time);
  }

  /** Return a command as the car takes it. Throws `WrongPassword`. */
  seal(message: Message): Message {
    return this.sealsCommands ? this.#opener.seal(message) : message;
  }

  /** Whether commands go sealed: an ESP32 takes only plain ones. */
  get sealsCommands(): boolean {
    const isSealer = this.#opener.token !== null && this.#opener.hasPassword;
    return isSealer && opensCommands(moduleOf(this.#latest));
  }

  get sealing(): Sealing {
    if (!this.#isParanoid) return "open";
    if (!this.#opener.hasPassword) return "locked";
    return this.#opener.isWrong ? "wrong_password" : "unlocked";
  }

  get #isParanoid(): boolean {
    return this.#opener.token !== null || this.#sealed.size > 0;
  }

  /** Return the state; null if the car never said anything. Times in seconds. */
  state(vehicle: string, now: number, isOnline: boolean): VehicleState | null {
    if (this.#latest.size === 0) return null;
    return {
      vehicle_id: vehicle,
      groups: withoutAges(stateGroups(this.#latest, now, isOnline)),
      hidden: this.#hidden,
      heard: this.#heard === null ? null : new Date(this.#heard * 1000).toISOString(),
      is_paranoid: this.#isParanoid,
      distance_unit: distanceUnit(this.#latest),
    };
  }

  #forget(): void {
    this.#latest.clear();
    this.#sealed.clear();
    this.#heard = null;
  }
}

/** Return the state that the server's API tells. */
export function stateOf({ groups, hidden, ...answer }: StateAnswer): VehicleState {
  const { vehicle_id, heard, is_paranoid, distance_unit } = answer;
  const unit = distance_unit === "km" || distance_unit === "mi" ? distance_unit : null;
  return {
    vehicle_id,
    heard,
    is_paranoid,
    distance_unit: unit,
    hidden: hidden.filter(isGroup),
    groups: withoutAges(groups),
  };
}

/** Return when the message of each code came, as the API says of its groups, in seconds. */
function timesOf(asked: StateAnswer | null): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name, code } of GROUPS) {
    const group = isGroup(name) ? asked?.groups[name] : null;
    if (group) times.set(code, Date.parse(group.time) / 1000);
  }
  const tyres = times.get("Y"); // the group says not by which of the two messages
  if (tyres !== undefined) times.set("W", tyres);
  return times;
}

const NAMES: ReadonlySet<string> = new Set(GROUPS.map(({ name }) => name));

export function isGroup(name: string): name is GroupName {
  return NAMES.has(name);
}

type Aged = Record<string, { age?: unknown } | null>;

/** Return groups without their ages, which pages count from the times; what is no group is left out. */
export function withoutAges(groups: ReturnType<typeof stateGroups>): Groups;
export function withoutAges(groups: object): Partial<Groups>;
export function withoutAges(groups: object): Partial<Groups> {
  const parts = Object.entries(groups as Aged)
    .filter(([name]) => isGroup(name))
    .map(([name, group]) => {
      if (group === null) return [name, null];
      const { age: _, ...rest } = group;
      return [name, rest];
    });
  return Object.fromEntries(parts);
}
