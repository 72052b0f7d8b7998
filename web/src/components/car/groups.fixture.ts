// Groups for tests: nothing is known but what a test says.

import type { GroupName, Groups, LiveVehicleView, VehicleState } from "../../data/live/types";

export const TIME = "2026-11-27T12:00:00.000Z";
export const NOW = Date.parse(TIME);

const NAMES: readonly GroupName[] = [
  "battery",
  "charge",
  "driving",
  "temperatures",
  "doors",
  "auxiliary",
  "location",
  "energy",
  "tyres",
  "export",
  "module",
  "capabilities",
];

type Given = { [Name in GroupName]?: Partial<NonNullable<Groups[Name]>> };

/** Return groups that have only what is given; the other facts of a given group are null. */
export function groupsOf(given: Given): Groups {
  const unknown = { get: (target: object, key: string) => Reflect.get(target, key) ?? null };
  const entries = NAMES.map((name) => {
    const facts = given[name];
    if (facts === undefined) return [name, null];
    return [name, new Proxy({ time: TIME, is_stale: false, old: [], ...facts }, unknown)];
  });
  return Object.fromEntries(entries);
}

/** Return what a page sees of a car that is there and well, but for what is given. */
export function viewOf(given: Partial<LiveVehicleView>, groups: Given = {}): LiveVehicleView {
  const state: VehicleState = {
    vehicle_id: "CAR",
    groups: groupsOf(groups),
    hidden: [],
    heard: TIME,
    is_paranoid: false,
    distance_unit: "km",
  };
  return {
    state,
    source: "live",
    is_told: true,
    connection: { status: "open", since: NOW, retry_at: null },
    presence: { is_online: true, since: NOW },
    sealing: "open",
    alerts: [],
    reports: 0,
    seals_commands: false,
    runs: [],
    reconnect: () => undefined,
    ...given,
  };
}
