// The facts of the folded groups, in the order in which they are shown.

import type { Figures } from "../../data/figures";
import type { Groups } from "../../data/live/types";

type Written =
  | Exclude<keyof Figures, "clock" | "age" | "estimated">
  | "yesNo"
  | "text"
  | "chargeMode"
  | "plug"
  | "time"
  | "clockUtc";

/** The facts of a group: which, and how each is written. */
const FACTS = {
  temperatures: {
    ambient: "temperature",
    cabin: "temperature",
    battery: "temperature",
    motor: "temperature",
    power_electronics: "temperature",
    charger: "temperature",
    is_hvac_on: "yesNo",
    is_pump_on: "yesNo",
  },
  driving: {
    is_on: "yesNo",
    is_awake: "yesNo",
    is_braked: "yesNo",
    speed: "speed",
    odometer: "distance",
    trip: "distance",
    parking_time: "duration",
  },
  battery: {
    soh: "percent",
    voltage: "volts",
    current: "amps",
    capacity: "energy",
    cac: "ampHours",
    ideal_range_max: "distance",
  },
  charge: {
    mode: "chargeMode",
    plug: "plug",
    voltage: "volts",
    current: "amps",
    current_limit: "amps",
    power_input: "power",
    efficiency: "percent",
    grid_energy: "energy",
    duration: "duration",
    timer_start: "clockUtc",
    ended: "time",
  },
  energy: {
    battery_power: "power",
    inverter_power: "power",
    used: "energy",
    recovered: "energy",
    trip: "distance",
  },
  auxiliary: {
    voltage: "volts",
    voltage_reference: "volts",
    current: "amps",
    is_charging: "yesNo",
  },
  export: {
    is_exporting: "yesNo",
    type: "text",
    state: "text",
    power: "power",
    energy: "energy",
    soc_limit: "percent",
    time_to_empty: "duration",
  },
  module: {
    firmware: "text",
    hardware: "text",
    vehicle_type: "text",
    vin: "text",
    network: "text",
    network_mode: "text",
    signal: "signal",
    may_write: "yesNo",
    service_distance: "distance",
    service_time: "time",
  },
} as const satisfies { [Name in keyof Groups]?: Record<string, Written | "signal"> };

export type FactGroup = keyof typeof FACTS;

/** The groups that are folded away, in their order. */
export const FACT_GROUPS = Object.keys(FACTS) as FactGroup[];

/** A fact as the table has it, before it is written. */
export interface RawFact {
  name: string;
  written: Written | "signal";
  value: string | number | boolean | null;
  isOld: boolean;
}

/** Return the facts of a group; what no car of this kind says stays, as unknown. */
export function factsOf(groups: Groups, name: FactGroup): RawFact[] {
  const group = groups[name];
  const values = new Map<string, unknown>(Object.entries(group ?? {}));
  const old = new Set(group?.old ?? []);
  return Object.entries(FACTS[name]).map(([fact, written]) => ({
    name: fact,
    written,
    value: plain(values.get(fact)),
    isOld: old.has(fact) || group?.is_stale === true,
  }));
}

function plain(value: unknown): RawFact["value"] {
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  return isPlain ? (value as string | number | boolean) : null;
}
