// The buttons by which a car is told something: the command of each, and what is asked before.

import type { ControlGroups } from "./controlGroups";

export type Right = "command" | "pin" | "manage" | "owner";

export type ControlKey =
  | "lock"
  | "unlock"
  | "valet"
  | "unvalet"
  | "chargeStart"
  | "chargeStop"
  | "climateOn"
  | "climateOff"
  | "cooldown"
  | "wakeup"
  | "homelink1"
  | "homelink2"
  | "homelink3"
  | "reboot";

export interface Control {
  key: ControlKey;
  /** Its name in the table of commands. */
  command: string;
  parameters?: Readonly<Record<string, string>>;
  right: Right;
  /** What is asked before it is sent: a PIN, or whether it is meant. */
  asks?: "pin" | "confirm";
  /** Whether the car reports what the command is for; null where it does not say. */
  effect?: (groups: ControlGroups) => boolean | null;
}

const is = (value: boolean | null | undefined, wanted: boolean) =>
  value === null || value === undefined ? null : value === wanted;

const homelink = (button: 1 | 2 | 3): Control => ({
  key: `homelink${button}`,
  command: "homelink",
  parameters: { button: String(button - 1) },
  right: "command",
  asks: "confirm",
});

const LIST: readonly Control[] = [
  {
    key: "lock",
    command: "lock",
    right: "pin",
    asks: "pin",
    effect: ({ doors }) => is(doors?.is_locked, true),
  },
  {
    key: "unlock",
    command: "unlock",
    right: "pin",
    asks: "pin",
    effect: ({ doors }) => is(doors?.is_locked, false),
  },
  {
    key: "valet",
    command: "valet",
    right: "pin",
    asks: "pin",
    effect: ({ doors }) => is(doors?.is_valet_on, true),
  },
  {
    key: "unvalet",
    command: "unvalet",
    right: "pin",
    asks: "pin",
    effect: ({ doors }) => is(doors?.is_valet_on, false),
  },
  {
    key: "chargeStart",
    command: "charge-start",
    right: "command",
    effect: ({ charge }) => is(charge?.is_charging, true),
  },
  {
    key: "chargeStop",
    command: "charge-stop",
    right: "command",
    asks: "confirm",
    effect: ({ charge }) => is(charge?.is_charging, false),
  },
  {
    key: "climateOn",
    command: "climate",
    parameters: { on: "on" },
    right: "command",
    effect: ({ temperatures }) => is(temperatures?.is_hvac_on, true),
  },
  {
    key: "climateOff",
    command: "climate",
    parameters: { on: "off" },
    right: "command",
    effect: ({ temperatures }) => is(temperatures?.is_hvac_on, false),
  },
  {
    key: "cooldown",
    command: "cooldown",
    right: "command",
    effect: ({ charge }) => is(charge?.is_cooling, true),
  },
  {
    key: "wakeup",
    command: "wakeup",
    right: "command",
    effect: ({ driving }) => is(driving?.is_awake, true),
  },
  homelink(1),
  homelink(2),
  homelink(3),
  { key: "reboot", command: "reboot", right: "command", asks: "confirm" },
];

const BY_KEY = new Map(LIST.map((control) => [control.key, control]));

/** Return a control by its key. */
export function controlOf(key: ControlKey): Control {
  const control = BY_KEY.get(key);
  if (control === undefined) throw new RangeError(`no control is called ${key}`);
  return control;
}

/** Return the control that an address names; null if it names none. */
export function findControl(key: string | null): Control | null {
  return LIST.find((control) => control.key === key) ?? null;
}

/** The sections of the page, each with its buttons. */
export const SECTIONS = {
  doors: ["lock", "unlock", "valet", "unvalet"],
  charge: ["chargeStart", "chargeStop"],
  climate: ["climateOn", "climateOff", "cooldown"],
  car: ["wakeup", "homelink1", "homelink2", "homelink3", "reboot"],
} as const satisfies Record<string, readonly ControlKey[]>;
