import { describe, expect, it } from "vitest";
import corpus from "../../../tests/corpus/state.json?raw";
import { fromLatin1 } from "./bytes";
import {
  distanceUnit,
  isSealed,
  type LatestMessage,
  moduleOf,
  STALE_AGE,
  stateGroups,
  takesSealedCommands,
} from "./state";
import { GROUPS } from "./tables";

const NOW = 1_700_000_000;
const USUAL = { age: 0, is_stale: false, old: [] };

interface Case {
  readonly comment: string;
  readonly unit: string | null;
  readonly online?: boolean;
  readonly messages: { code: string; data: string; age?: number; sealed?: boolean }[];
  readonly groups: Record<string, Record<string, unknown>>;
}

const CASES: Case[] = JSON.parse(corpus).slice(1);

function latestOf({ messages }: Case): Map<string, LatestMessage> {
  return new Map(
    messages.map(({ code, data, age = 0, sealed = false }) => [
      code,
      { data: fromLatin1(data), time: NOW - age, isSealed: sealed },
    ]),
  );
}

function withoutUnknown(facts: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
}

describe("the corpus of states", () => {
  it.each(CASES)("$comment", (each) => {
    const latest = latestOf(each);
    expect(distanceUnit(latest)).toBe(each.unit);
    const found = Object.entries(stateGroups(latest, NOW, each.online ?? true));
    expect(found.map(([name]) => name)).toEqual(GROUPS.map(({ name }) => name));
    const groups = found.filter(([, facts]) => facts !== null);
    expect(groups.map(([name]) => name).sort()).toEqual(Object.keys(each.groups).sort());
    for (const [name, facts] of groups) {
      const expected = { time: facts.time, ...USUAL, ...each.groups[name] };
      expect(withoutUnknown(facts), name).toEqual(expected);
    }
  });
});

describe("a vehicle's state", () => {
  const one = (code: string, data: string, more = {}) =>
    new Map([[code, { data: fromLatin1(data), time: NOW, ...more }]]);

  it("says null for every fact that is unknown", () => {
    const battery = stateGroups(one("S", "80"), NOW, true).battery;
    expect(battery).toMatchObject({ soc: 80, soh: null, ideal_range: null, voltage: null });
  });

  it("counts ages in whole seconds, and is stale a moment past its time", () => {
    const battery = stateGroups(one("S", "80"), NOW + STALE_AGE + 0.5, true).battery;
    expect(battery).toMatchObject({ age: 1200, is_stale: true, time: "2023-11-14T22:13:20.000Z" });
  });

  it("knows what is sealed, and of which module it is", () => {
    expect(isSealed(one("S", "80"))).toBe(false);
    expect(isSealed(one("S", "80", { isSealed: true }))).toBe(true);
    expect(moduleOf(one("F", "1.0,VIN,,,,,,,ovms car"))).toBe("ours");
    expect(moduleOf(one("F", "3.1.4/TR/V1/1", { isSealed: true }))).toBe("ESP32");
  });

  it("takes sealed commands unless it is known to be an ESP32", () => {
    expect(takesSealedCommands(new Map())).toBe(true);
    expect(takesSealedCommands(one("F", "sealed", { isSealed: true }))).toBe(true);
    expect(takesSealedCommands(one("F", "3.1.4/TR/V2/1"))).toBe(true);
    expect(takesSealedCommands(one("F", "3.3.004,VIN"))).toBe(false);
  });

  it("tells no more wheels and ranges than a page can show", () => {
    const wheels = stateGroups(one("Y", `100,${"A,".repeat(99)}A`), NOW, true).tyres?.wheels;
    expect(wheels).toHaveLength(64);
    const ranges = stateGroups(one("V", "C1,".repeat(2000)), NOW, true).capabilities?.commands;
    expect(ranges).toHaveLength(1000);
  });

  it("has a time even for a message without one", () => {
    const latest = new Map([["S", { data: fromLatin1("80"), time: Number.NaN }]]);
    expect(stateGroups(latest, NOW, true).battery?.time).toBe("1970-01-01T00:00:00.000Z");
  });
});
