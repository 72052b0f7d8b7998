/**
 * What a vehicle's latest messages say, in groups, as `/api/v1` has them: same names, same units,
 * same staleness. A port of `ovms.server.http.v1.decoded`, for state that no server reads: of a
 * WebSocket, of messages that were opened here.
 *
 * Distances are in kilometres, whatever unit the car is set to; without that unit they are unknown.
 * A group is stale if its module marks what it holds as read some time ago, or if the car should
 * have said it again by now: telemetry within `STALE_AGE`, the rest whenever it connects.
 */

import { type Bytes, toLatin1 } from "./bytes";
import { parseCapabilities } from "./capabilities";
import { isoTime, readFact, readRanges, type Source, wheelsOfW, wheelsOfY } from "./facts";
import type { StateGroups } from "./groups";
import { type ModuleKind, moduleKind, opensCommands } from "./modules";
import { type FieldRecord, freshness, fromPic, known, parseRecord } from "./records";
import { ALARM, CODES, GROUPS, type GroupRow, LIMITS, UNITS } from "./tables";
import { parseTyres, type Tyres } from "./tyres";

export type { StateGroups } from "./groups";

/** Seconds after which telemetry is stale: a car that nobody watches reports every ten minutes. */
export const STALE_AGE = LIMITS.stale_age;

const EPOCH = "1970-01-01T00:00:00.000Z"; // for a time that is none

/** A car's latest message of one code. */
export interface LatestMessage {
  readonly data: Bytes;
  /** When it came, in Unix seconds. */
  readonly time: number;
  /** It is still sealed: the car seals, and nothing here has opened it. */
  readonly isSealed?: boolean;
}

/** A vehicle's latest messages by code. */
export type Latest = ReadonlyMap<string, LatestMessage>;

/** What a group says, and what its module marks as old. */
interface Facts {
  readonly values: Readonly<Record<string, unknown>>;
  readonly old: readonly string[];
  readonly isOld: boolean;
}

/** What the messages of one vehicle mean. */
interface Meaning {
  readonly module: ModuleKind;
  readonly km: number | null;
  readonly alarm: number;
}

/** Return all groups of a vehicle at a time; `null` for what was never said or is sealed. */
export function stateGroups(latest: Latest, now: number, isOnline: boolean): StateGroups {
  const meaning = meaningOf(latest);
  const tyres = betterTyres(latest);
  const groups = GROUPS.map((group) => {
    const code = group.code === "Y" ? tyres : group.code;
    const message = plain(latest, code);
    if (message === null) return [group.name, null];
    const facts = readGroup(group, code, message.data, meaning);
    const isStale = facts.isOld || isStaleByAge(code, message.time, now, isOnline);
    const [time, age] = [
      isoTime(message.time) ?? EPOCH,
      Math.max(0, Math.trunc(now - message.time)),
    ];
    return [group.name, { time, age, is_stale: isStale, old: facts.old, ...facts.values }];
  });
  // The rows of the table and the type are written from the same table.
  return Object.fromEntries(groups) as StateGroups;
}

/** Return what the car shows distances in; `null` if it is not known. */
export function distanceUnit(latest: Latest): "km" | "mi" | null {
  const status = plain(latest, "S");
  const unit = status && toLatin1(status.data).split(",")[1];
  if (unit === "K") return "km";
  return unit === "M" ? "mi" : null;
}

/** Return whether a message is still sealed: nobody here has its password. */
export function isSealed(latest: Latest): boolean {
  return [...latest.values()].some((each) => each.isSealed === true);
}

/** Return which module the car has, as far as its messages tell. */
export function moduleOf(latest: Latest): ModuleKind {
  return moduleKind(plain(latest, "F")?.data ?? null);
}

/**
 * Return whether commands to a paranoid car may go sealed. An ESP32 cannot open them; one that has
 * not said in plain what it is gets them sealed, so that nothing is told that need not be.
 */
export function takesSealedCommands(latest: Latest): boolean {
  return plain(latest, "F") === null || opensCommands(moduleOf(latest));
}

function plain(latest: Latest, code: string): LatestMessage | null {
  const message = latest.get(code);
  return message === undefined || message.isSealed ? null : message;
}

function meaningOf(latest: Latest): Meaning {
  const module = moduleOf(latest);
  const firmware = plain(latest, "F");
  const generation = firmware === null ? "" : toLatin1(firmware.data.subarray(0, 1));
  const isField = ALARM.field_generations.includes(generation);
  const unit = distanceUnit(latest);
  const km = unit === "mi" ? UNITS.km_per_mile : unit === "km" ? 1 : null;
  return { module, km, alarm: isField || module === "ours" ? ALARM.field : ALARM.guide };
}

/** Return which of the two messages on tyres says more, and is of the present module. */
function betterTyres(latest: Latest): "W" | "Y" {
  const [four, any] = [plain(latest, "W"), plain(latest, "Y")];
  if (four === null || any === null) return four === null ? "Y" : "W";
  return four.time - any.time > STALE_AGE ? "W" : "Y";
}

function isStaleByAge(code: string, time: number, now: number, isOnline: boolean): boolean {
  return CODES[code]?.is_telemetry ? now - time > STALE_AGE : !isOnline;
}

function readGroup(group: GroupRow, code: string, data: Bytes, meaning: Meaning): Facts {
  if (code === "V") {
    return { values: { commands: readRanges(parseCapabilities(data)) }, old: [], isOld: false };
  }
  if (code === "Y") {
    const tyres = parseTyres(data);
    return wheelFacts(wheelsOfY(tyres), areOld(tyres));
  }
  const came = parseRecord(code, data) ?? { code, values: {}, extra: [], raw: [] };
  const record = meaning.module === "PIC" ? fromPic(came) : came;
  const source: Source = { record, known: known(record), km: meaning.km, alarm: meaning.alarm };
  if (code === "W") return wheelFacts(wheelsOfW(source.known), record.values.stale === 0);
  const values = Object.fromEntries(group.facts.map((fact) => [fact.name, readFact(fact, source)]));
  const old = oldFacts(group, record);
  return { values, old, isOld: group.stale_by.some((name) => old.includes(name)) };
}

function oldFacts(group: GroupRow, record: FieldRecord): string[] {
  return group.facts.flatMap(({ name, field, bit }) => {
    const isMarked = field !== undefined && bit === undefined;
    return isMarked && freshness(record, field) === "old" ? [name] : [];
  });
}

function wheelFacts(wheels: readonly unknown[], isOld: boolean): Facts {
  return { values: { wheels }, old: isOld ? ["wheels"] : [], isOld };
}

function areOld({ sections }: Tyres): boolean {
  return [sections.pressure, sections.temperature].some(
    (each) => each !== undefined && each.validity === 0 && each.values.length > 0,
  );
}
