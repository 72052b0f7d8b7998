/** The tables that `scripts/web_tables.py` writes of those that the server reads, with their types. */

import raw from "./tables.json";

export interface CodeRow {
  /** A module in paranoid mode seals it. */
  readonly is_sealed: boolean;
  readonly never_sealed: boolean;
  /** It changes while the car runs: a module repeats it. */
  readonly is_telemetry: boolean;
  /** Only a server says it. */
  readonly is_only_servers: boolean;
}

/** A row of a record's field table; what is left out is as it usually is. */
export interface FieldRow {
  readonly name: string;
  readonly kind: "text" | "number" | "hex" | "flag" | "bits";
  readonly unit?: string;
  /** Wire units in one of ours: 10 for a field in tenths. */
  readonly scale?: number;
  /** Digits that are written behind the point. */
  readonly places?: number;
  readonly bits?: Readonly<Record<string, number>>;
  /** What a PIC module's number is multiplied by to be in `unit`. */
  readonly pic_factor?: number;
  /** The number that stands for unknown. */
  readonly unknown?: number;
  /** The field with its stale indicator: -1 never read, 0 old, above 0 fresh. */
  readonly stale?: string;
  /** Below 0 it makes only a value of 0 unknown. */
  readonly stale_zero_only?: boolean;
}

/** A fact of a group: how it is read, and from which field. */
export interface FactRow {
  readonly name: string;
  readonly kind: string;
  readonly field?: string;
  readonly bit?: number;
  readonly limit?: number;
  readonly words?: Readonly<Record<string, string>>;
}

export interface GroupRow {
  readonly name: string;
  readonly code: string;
  /** Facts whose mark makes the whole group stale. */
  readonly stale_by: readonly string[];
  readonly facts: readonly FactRow[];
}

/** The type of a command's parameter. */
export type ParameterRow =
  | {
      readonly type: "number";
      readonly name: string;
      readonly least: number;
      readonly most: number;
      /** A time of day, in minutes after midnight UTC. */
      readonly is_time?: boolean;
    }
  | {
      readonly type: "choice";
      readonly name: string;
      readonly words: Readonly<Record<string, string>>;
    }
  | { readonly type: "pin"; readonly name: string }
  | { readonly type: "text"; readonly name: string; readonly longest: number };

export interface CommandRow {
  readonly number: number;
  readonly name: string;
  readonly answered_by: "module" | "vehicle" | "modem" | "server";
  readonly parameters: readonly ParameterRow[];
  /** The number of the first row, for an answer in rows. */
  readonly first_row?: number;
  /** The last parameter runs to the end of the line, commas included. */
  readonly whole_line?: boolean;
  /** How many of the last parameters may be left out. */
  readonly optional?: number;
  /** Without a comma behind its number it crashes the newest ESP32. */
  readonly needs_comma?: boolean;
  /** The text of a server's answer that has no rows. */
  readonly nothing?: string;
}

type Words = Readonly<Record<string, string>>;

interface Tables {
  readonly codes: Readonly<Record<string, CodeRow>>;
  readonly records: Readonly<Record<string, readonly FieldRow[]>>;
  readonly tyre_sections: Readonly<Record<string, { unit: string; places: number }>>;
  readonly groups: readonly GroupRow[];
  readonly commands: readonly CommandRow[];
  readonly results: Readonly<Record<string, number>>;
  readonly features: Words;
  readonly parameters: Words;
  readonly password_parameters: readonly number[];
  readonly charge_modes: Words;
  readonly charge_under_way: readonly string[];
  readonly alert_kinds: Words;
  readonly tyre_alerts: Words;
  readonly limits: Readonly<
    Record<
      "line" | "welcome_line" | "plain" | "wheels" | "ranges" | "stale_age" | "highest_command",
      number
    >
  >;
  readonly units: { readonly km_per_mile: number; readonly psi_per_kpa: number };
  readonly alarm: {
    readonly field: number;
    readonly guide: number;
    readonly field_generations: readonly string[];
  };
  readonly phase: { readonly doors: number };
}

// JSON has no unions; a test of the server's side compares the file with the tables.
const tables = raw as unknown as Tables;

export const CODES = tables.codes;
export const RECORDS = tables.records;
export const TYRE_SECTIONS = tables.tyre_sections;
export const GROUPS = tables.groups;
export const RESULTS = tables.results;
/** The names of features by number; others have none that holds for all modules. */
export const FEATURES = tables.features;
/** The names of parameters by number. */
export const PARAMETERS = tables.parameters;
/** The parameters that are passwords. Modules on the road list them in clear. */
export const PASSWORD_PARAMETERS = new Set(tables.password_parameters);
export const CHARGE_MODES = tables.charge_modes;
export const CHARGE_UNDER_WAY = new Set(tables.charge_under_way);
export const ALERT_KINDS = tables.alert_kinds;
export const TYRE_ALERTS = tables.tyre_alerts;
export const LIMITS = tables.limits;
export const UNITS = tables.units;
export const ALARM = tables.alarm;
export const PHASE = tables.phase;
/** The commands of the guide, and those that the field has added. */
export const COMMANDS = tables.commands;
