/**
 * Comma-separated records, read and written by the field tables.
 *
 * A parsed record keeps the text that it came from, so extra fields, missing ones, and what is not
 * understood are written as they came. What its sender does not know is an empty field, or a number
 * with a mark: `known` has `null` for it.
 */

import { type Bytes, fromText, legible, toText } from "./bytes";
import { encodeField, parseField, type Value } from "./fields";
import { rounded } from "./numbers";
import { type FieldRow, RECORDS } from "./tables";

const CONVERTED_PLACES = 6; // digits behind the point of a number that was converted
const UNREAD = /^~([0-9A-F]{10})$/;
const BITS_OF_LOCK = 0x08; // in door state #2

export type Values = Readonly<Record<string, Value>>;

export type Freshness = "unknown" | "old" | "fresh";

/** A message's content as it came: a field is `null` if it is missing or not of its type. */
export interface FieldRecord {
  readonly code: string;
  readonly values: Values;
  /** Fields behind the last known one. */
  readonly extra: readonly string[];
  /** The text of all fields. */
  readonly raw: readonly string[];
}

/** Return the rows of a record's field table. */
export function fieldsOf(code: string): readonly FieldRow[] {
  return (Object.hasOwn(RECORDS, code) ? RECORDS[code] : null) ?? [];
}

/** Read a message's data; `null` for a code without a field table. Never fails. */
export function parseRecord(code: string, data: Bytes): FieldRecord | null {
  if (!Object.hasOwn(RECORDS, code)) return null;
  const raw = data.length === 0 ? [] : toText(data).split(",");
  const fields = fieldsOf(code);
  const values = Object.fromEntries(
    fields.map((field, at) => [field.name, parseField(field, raw[at] ?? "")]),
  );
  return { code, values, extra: raw.slice(fields.length), raw };
}

/** Return a record that was not parsed; fields without a value are `null`. */
export function makeRecord(
  code: string,
  values: Values,
  extra: readonly string[] = [],
): FieldRecord {
  const all = fieldsOf(code).map((field) => [field.name, values[field.name] ?? null]);
  return { code, values: Object.fromEntries(all), extra, raw: [] };
}

/** Return what a PIC module has sent in the units of the table, which are the ESP32's. */
export function fromPic(record: FieldRecord): FieldRecord {
  const converted = fieldsOf(record.code).flatMap((field) => {
    const value = record.values[field.name];
    const factor = field.pic_factor;
    if (factor === undefined || typeof value !== "number") return [];
    return [[field.name, rounded(value * factor, CONVERTED_PLACES)] as const];
  });
  return { ...record, values: { ...record.values, ...Object.fromEntries(converted) } };
}

/** Return the values with `null` for what their sender does not know. */
export function known(record: FieldRecord): Values {
  return Object.fromEntries(
    fieldsOf(record.code).map((field) => [field.name, reading(record, field)]),
  );
}

/** Return how old a field's reading is. A field without a stale indicator is fresh. */
export function freshness(record: FieldRecord, name: string): Freshness {
  const field = fieldsOf(record.code).find((each) => each.name === name);
  if (field === undefined || reading(record, field) === null) return "unknown";
  return field.stale !== undefined && record.values[field.stale] === 0 ? "old" : "fresh";
}

function reading(record: FieldRecord, field: FieldRow): Value {
  const value = record.values[field.name] ?? null;
  return value === null || standsForUnknown(record, field, value) ? null : value;
}

function standsForUnknown(record: FieldRecord, field: FieldRow, value: Value): boolean {
  if (field.unknown !== undefined && value === field.unknown) return true;
  const stale = field.stale === undefined ? null : record.values[field.stale];
  const isMarked = typeof stale === "number" && stale < 0;
  return isMarked && (!field.stale_zero_only || value === 0);
}

/** Return whether a bit of a field is set (of several, one); `null` if that is not known. */
export function bitOf(record: FieldRecord, name: string, bit: number): boolean | null {
  const value = record.values[name];
  if (typeof value !== "number" || !isRead(record, name, bit, value)) return null;
  return (value & bit) !== 0;
}

/**
 * Return whether a bit of a field that is there was ever read. A car that tells no lock state may
 * be locked or not; our cars append the bits that they never read to `D`.
 */
function isRead(record: FieldRecord, name: string, bit: number, value: number): boolean {
  if (record.code !== "D") return true;
  const unread = Number.parseInt(UNREAD.exec(record.extra[0] ?? "")?.[1] ?? "0", 16);
  const shift = 8 * (Number(name.at(-1)) - 1);
  if ((Math.floor(unread / 2 ** shift) & bit) !== 0) return false;
  const isLock = name === "doors_2" && bit === BITS_OF_LOCK;
  return !isLock || (record.values.lock_state ?? null) !== null || (value & bit) !== 0;
}

/**
 * Return the data of a record, without missing fields at the end. A field that has the value it
 * was parsed with is written with its old text.
 */
export function encodeRecord(record: FieldRecord): Bytes {
  const texts = fieldsOf(record.code).map((field, at) => textOf(record, field, record.raw[at]));
  if (record.extra.length === 0) {
    while (texts.length > record.raw.length && texts.at(-1) === "") texts.pop();
  }
  return fromText([...texts, ...record.extra].join(","));
}

function textOf(record: FieldRecord, field: FieldRow, raw: string | undefined): string {
  const value = record.values[field.name] ?? null;
  if (raw !== undefined) {
    const came = parseField(field, raw);
    if (came === value || (value === null && standsForUnknown(record, field, came))) return raw;
  }
  return encodeField(field, value);
}

/** Return every field by name, `null` for what is not known; bits also one by one. */
export function nameFields(record: FieldRecord): Values {
  const named: Record<string, Value> = {};
  for (const field of fieldsOf(record.code)) {
    const value = reading(record, field);
    named[field.name] = typeof value === "string" ? legible(value) : value;
    for (const [name, bit] of Object.entries(field.bits ?? {})) {
      named[name] = bitOf(record, field.name, bit);
    }
  }
  return named;
}
