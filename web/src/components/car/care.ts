// What about a car may need a person, the most pressing first.

import type { Groups, Presence } from "../../data/live/types";
import { type Door, openDoors, partsOf } from "./parts";

/** `alarm` calls for somebody now, `warning` soon; `note` is good to know. */
export type Level = "alarm" | "warning" | "note";

export type Care = { level: Level; isOld: boolean } & (
  | { kind: "alarm" | "bonnetOpen" | "trunkOpen" | "unlocked" | "headlightsOn" | "valet" }
  | { kind: "doorsOpen"; doors: Door[] }
  | { kind: "auxiliaryLow"; voltage: number }
  | { kind: "tyre"; wheel: string; pressure: number | null }
  | { kind: "batteryLow"; soc: number }
  | { kind: "chargeInterrupted" | "silent" | "serviceDue" }
);

const ORDER: readonly Level[] = ["alarm", "warning", "note"];

/** A car at rest has about 12.6 V; below this it may not wake up. */
const AUXILIARY_LOW = 11.8;
/** So far below the voltage at rest a module sends its own alert. */
const AUXILIARY_DROP = 1.0;
const SOC_LOW = 10;
/** Who has just got out has not forgotten to lock yet. */
const LOCK_AFTER = 300;

/** Return what may need care; nothing that is unknown is in it. */
export function careOf(groups: Groups, presence: Presence): Care[] {
  const found = [
    ...ofDoors(groups),
    ...ofAuxiliary(groups),
    ...ofTyres(groups),
    ...ofBattery(groups),
    ...ofModule(groups, presence),
  ];
  return found.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
}

function ofDoors(groups: Groups): Care[] {
  const parts = partsOf(groups);
  const { isOld } = parts;
  const isParked = groups.driving?.is_on === false;
  const hasLeft = isParked && (groups.driving?.parking_time ?? 0) >= LOCK_AFTER;
  const doors = openDoors(parts);
  const found: Care[] = [];
  if (parts.alarm) found.push({ kind: "alarm", level: "alarm", isOld });
  if (doors.length > 0) found.push({ kind: "doorsOpen", level: "warning", doors, isOld });
  if (parts.bonnet) found.push({ kind: "bonnetOpen", level: "warning", isOld });
  if (parts.trunk) found.push({ kind: "trunkOpen", level: "warning", isOld });
  if (hasLeft && parts.locked === false) found.push({ kind: "unlocked", level: "warning", isOld });
  if (hasLeft && parts.headlights) found.push({ kind: "headlightsOn", level: "warning", isOld });
  if (parts.valet) found.push({ kind: "valet", level: "note", isOld });
  return found;
}

function ofAuxiliary({ auxiliary }: Groups): Care[] {
  const voltage = auxiliary?.voltage ?? null;
  if (auxiliary === null || voltage === null || auxiliary.is_charging === true) return [];
  const reference = auxiliary.voltage_reference;
  const isLow =
    voltage < AUXILIARY_LOW || (reference !== null && voltage <= reference - AUXILIARY_DROP);
  if (!isLow) return [];
  return [{ kind: "auxiliaryLow", level: "warning", voltage, isOld: auxiliary.is_stale }];
}

function ofTyres({ tyres }: Groups): Care[] {
  return (tyres?.wheels ?? [])
    .filter(({ alert }) => alert === "warning" || alert === "alert")
    .map(({ name, alert, pressure }) => ({
      kind: "tyre",
      level: alert === "alert" ? "alarm" : "warning",
      wheel: name,
      pressure,
      isOld: tyres?.is_stale ?? false,
    }));
}

function ofBattery({ battery, charge }: Groups): Care[] {
  const found: Care[] = [];
  const soc = battery?.soc ?? null;
  if (battery !== null && soc !== null && soc <= SOC_LOW && charge?.is_charging !== true) {
    found.push({ kind: "batteryLow", level: "warning", soc, isOld: battery.is_stale });
  }
  if (charge?.state === "stopped" && charge.substate === "interrupted") {
    found.push({ kind: "chargeInterrupted", level: "warning", isOld: charge.is_stale });
  }
  return found;
}

function ofModule({ driving, module }: Groups, { is_online }: Presence): Care[] {
  const found: Care[] = [];
  if (is_online === true && driving?.is_stale === true) {
    found.push({ kind: "silent", level: "note", isOld: false });
  }
  const distance = module?.service_distance ?? null;
  if (module !== null && distance !== null && distance <= 0) {
    found.push({ kind: "serviceDue", level: "note", isOld: module.is_stale });
  }
  return found;
}
