/** How each kind of fact is read from a record: the readers that the table of groups names. */

import { legible } from "./bytes";
import type { Capabilities, CommandRange } from "./capabilities";
import type { Value } from "./fields";
import type { Wheel } from "./groups";
import { general, rounded } from "./numbers";
import { bitOf, type FieldRecord, type Values } from "./records";
import { CHARGE_MODES, CHARGE_UNDER_WAY, type FactRow, LIMITS, TYRE_ALERTS, UNITS } from "./tables";
import { knownReadings, type Tyres } from "./tyres";

const PLACES = 3; // digits behind the point of what is converted
const LAST_SECOND = 253_402_300_800; // from here on a time has a year of five digits
const ALARM_FIELD = "doors_4";

/** A record that is read: what its sender knows, and what it means. */
export interface Source {
  readonly record: FieldRecord;
  readonly known: Values;
  /** Kilometres in one of its distances; `null` if that is not known. */
  readonly km: number | null;
  /** The bits of the alarm. */
  readonly alarm: number;
}

type Read = (fact: FactRow, source: Source) => Value;

const READERS: Readonly<Record<string, Read>> = {
  value: (fact, source) => field(fact, source),
  text: (fact, source) => textOf(field(fact, source)),
  distance: (fact, source) => times(field(fact, source), source.km),
  minutes: (fact, source) => {
    const value = field(fact, source);
    return typeof value === "number" && value < 0 ? null : times(value, 60);
  },
  angle: (fact, source) => {
    const value = field(fact, source);
    return typeof value === "number" && Math.abs(value) <= (fact.limit ?? 0) ? value : null;
  },
  word: (fact, source) => {
    const value = field(fact, source);
    return typeof value === "number" ? (fact.words?.[value] ?? general(value)) : null;
  },
  time: (fact, source) => {
    const value = field(fact, source);
    return typeof value === "number" ? isoTime(value) : null;
  },
  bit: (fact, source) => bitOf(source.record, fact.field ?? "", fact.bit ?? 0),
  is_alarm_on: (_, source) => bitOf(source.record, ALARM_FIELD, source.alarm),
  is_charging: (_, { known }) => {
    const state = known.charge_state;
    return typeof state === "string" ? CHARGE_UNDER_WAY.has(state) : null;
  },
  is_timed: (_, { known }) => {
    const mode = known.charge_timer_mode;
    return typeof mode === "number" ? mode !== 0 : null;
  },
  is_cooling: (_, { known }) => {
    const active = known.cooldown_active;
    return typeof active === "number" ? active >= 0 : null;
  },
  mode: (_, { known }) => {
    const number = known.charge_mode_number;
    const word = typeof number === "number" ? CHARGE_MODES[number] : null;
    return textOf(known.charge_mode ?? null) ?? word ?? null;
  },
};

/** Return a fact; `null` for what is unknown. */
export function readFact(fact: FactRow, source: Source): Value {
  return READERS[fact.kind]?.(fact, source) ?? null;
}

function field(fact: FactRow, { known }: Source): Value {
  return known[fact.field ?? ""] ?? null;
}

function textOf(value: Value): string | null {
  return typeof value === "string" ? legible(value) : null;
}

function times(value: Value, factor: number | null): number | null {
  if (typeof value !== "number" || factor === null) return null;
  const product = value * factor;
  return Number.isFinite(product) ? rounded(product, PLACES) : null;
}

/** Return Unix seconds as a time of the API; `null` for 0, and for what is no time. */
export function isoTime(time: number): string | null {
  if (!(time > 0 && time < LAST_SECOND)) return null;
  return new Date(Math.floor(Math.round(time * 1e6) / 1e3)).toISOString();
}

/** Return the ranges of commands, as many as are told. */
export function readRanges({ commands }: Capabilities): readonly CommandRange[] {
  return commands.slice(0, LIMITS.ranges);
}

/** Return the four wheels of a `W`. */
export function wheelsOfW(known: Values): readonly Wheel[] {
  return ["fl", "fr", "rl", "rr"].map((name) => {
    const psi = known[`${name}_pressure`];
    const temperature = known[`${name}_temperature`];
    return {
      name: name.toUpperCase(),
      pressure: typeof psi === "number" ? kiloPascals(psi) : null,
      temperature: typeof temperature === "number" ? temperature : null,
      health: null,
      alert: null,
    };
  });
}

function kiloPascals(psi: number): number | null {
  const value = psi / UNITS.psi_per_kpa;
  return Number.isFinite(value) ? rounded(value, PLACES) : null;
}

/** Return the wheels of a `Y`, as many as are told. */
export function wheelsOfY(tyres: Tyres): readonly Wheel[] {
  const at = (section: string, place: number) =>
    knownReadings(tyres.sections[section])[place] ?? null;
  return tyres.names.slice(0, LIMITS.wheels).map((name, place) => {
    const level = at("alert", place);
    return {
      name: legible(name),
      pressure: at("pressure", place),
      temperature: at("temperature", place),
      health: at("health", place),
      alert: level === null ? null : (TYRE_ALERTS[level] ?? general(level)),
    };
  });
}
