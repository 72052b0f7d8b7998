import { describe, expect, it } from "vitest";
import corpus from "../../../tests/corpus/records.json?raw";
import { fromLatin1, toLatin1 } from "./bytes";
import { parseCapabilities, supports } from "./capabilities";
import { decodeRecord } from "./content";
import type { Value } from "./fields";
import { encodeRecord, freshness, fromPic, known, makeRecord, parseRecord } from "./records";
import { RECORDS } from "./tables";
import { parseTyres } from "./tyres";

interface Case {
  readonly comment: string;
  readonly code: string;
  readonly data: string;
  readonly written?: string;
  readonly values: Record<string, Value> | null;
  readonly extra?: string[];
  readonly bits?: Record<string, boolean | null>;
  readonly json?: Record<string, unknown>;
  readonly supports?: number[];
  readonly lacks?: number[];
}

const CASES: Case[] = JSON.parse(corpus).slice(1);
const FIELDS = CASES.filter(({ code, values }) => values !== null && Object.hasOwn(RECORDS, code));
const of = (code: string) => CASES.filter((each) => each.code === code);

function read(code: string, data: string) {
  const record = parseRecord(code, fromLatin1(data));
  if (record === null) throw new Error(`no record of ${code}`);
  return record;
}

function withValues(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

describe("the corpus of records", () => {
  it.each(FIELDS)("$code: $comment", ({ code, data, values, extra = [], ...more }) => {
    const record = read(code, data);
    expect(withValues(record.values)).toEqual(values);
    expect(record.extra).toEqual(extra);
    expect(toLatin1(encodeRecord(record))).toBe(data);
    const made = makeRecord(code, values ?? {}, extra);
    expect(toLatin1(encodeRecord(made))).toBe(more.written ?? data);
    expect(decodeRecord(code, fromLatin1(data))).toMatchObject({ ...more.bits, ...more.json });
  });

  it.each(of("V"))("V: $comment", ({ data, values, extra = [], ...more }) => {
    const { commands, extra: others } = parseCapabilities(fromLatin1(data));
    expect(commands.map(({ first, last }) => [first, last])).toEqual(values?.commands ?? []);
    expect(others).toEqual(extra);
    expect(more.supports?.filter((number) => !supports(commands, number)) ?? []).toEqual([]);
    expect(more.lacks?.filter((number) => supports(commands, number)) ?? []).toEqual([]);
  });

  it.each(of("Y"))("Y: $comment", ({ data, values, extra = [], json = {} }) => {
    const tyres = parseTyres(fromLatin1(data));
    const sections = Object.entries(tyres.sections).map(([name, each]) => [
      name,
      [each.values, each.validity],
    ]);
    expect({ names: tyres.names, ...Object.fromEntries(sections) }).toEqual(values);
    expect(tyres.extra).toEqual(extra);
    expect(decodeRecord("Y", fromLatin1(data))).toMatchObject(json);
  });

  it.each(CASES.filter(({ values }) => values === null))("none: $comment", ({ code, data }) => {
    expect(decodeRecord(code, fromLatin1(data))).toBeNull();
  });
});

describe("a record", () => {
  it("has its values changed one by one, and the text of all others as it came", () => {
    const record = read("S", "+80,K,220.0,x,,,,,,,,,new,,extra");
    const changed = { ...record, values: { ...record.values, soc: 81 } };
    expect(toLatin1(encodeRecord(changed))).toBe("81,K,220.0,x,,,,,,,,,new,,extra");
  });

  it("knows what is unknown, and how old the rest is", () => {
    const record = read("L", "0,0,45,0,0,-1,30");
    expect(known(record)).toMatchObject({
      latitude: null,
      direction: 45,
      altitude: null,
      speed: 30,
    });
    const old = read("L", "51,0,45,0,1,0,30");
    expect(["latitude", "speed", "trip", "nothing"].map((name) => freshness(old, name))).toEqual([
      "old",
      "fresh",
      "unknown",
      "unknown",
    ]);
    expect(toLatin1(encodeRecord({ ...record, values: known(record) }))).toBe("0,0,45,0,0,-1,30");
  });

  it("of a PIC is in the units of the table", () => {
    const status = fromPic(read("S", "80,K,0,0,done,range,0,0,0,5,0,0,0,0,0,0,60"));
    expect(status.values).toMatchObject({ charge_duration: 300, charge_timer_start: 3600 });
    expect(fromPic(read("L", ",,,,,,,,,,1234.5678")).values).toMatchObject({
      energy_used: 1.234568,
    });
    expect(decodeRecord("L", fromLatin1(",,,,,,,,,,1500"), true)).toMatchObject({
      energy_used: 1.5,
    });
  });

  it("of the history has the columns of its type", () => {
    const trip = decodeRecord("*-LOG-Trip", fromLatin1("1,51.5,-0.12,35,Home,12345.6,12.3"));
    expect(trip).toMatchObject({ gps_lock: true, place: "Home", odometer: 12345.6, soc: null });
  });

  it("is not that of an object's own names", () => {
    expect(decodeRecord("constructor", fromLatin1("1"))).toBeNull();
  });

  it("of what the car supports, and of an alert, is named, too", () => {
    expect(decodeRecord("V", fromLatin1("C1-3,C5,x"))).toEqual({ commands: "C1-3,C5" });
    expect(decodeRecord("P", fromLatin1("ALow: gr\u00fcn"))).toEqual({
      kind: "alert",
      text: "Low: grün",
    });
    expect(decodeRecord("P", fromLatin1(""))).toBeNull();
  });
});
