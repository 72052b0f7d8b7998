/** `Y`: the wheels' names, then sections of readings, each counted, of any vehicle. */

import { type Bytes, legible, toText } from "./bytes";
import { parseNumber } from "./fields";
import { TYRE_SECTIONS } from "./tables";

/** A value for each wheel or sensor, and whether they are valid: -1 undefined, 0 old, 1 valid. */
export interface Readings {
  readonly values: readonly (number | null)[];
  readonly validity: number | null;
}

export interface Tyres {
  readonly names: readonly string[];
  /** By the names of the table; a section that did not come is missing. */
  readonly sections: Readonly<Record<string, Readings>>;
  /** The fields behind the last section that could be read. */
  readonly extra: readonly string[];
}

/** Read the data of a `Y`. Never fails: reading stops at a count that is wrong. */
export function parseTyres(data: Bytes): Tyres {
  const [names, behind] = take(toText(data).split(","));
  const sections: Record<string, Readings> = {};
  let rest = behind;
  for (const name of names === null ? [] : Object.keys(TYRE_SECTIONS)) {
    const [texts, after] = take(rest);
    if (texts === null) break;
    const values = texts.map((text) => parseNumber(text));
    sections[name] = { values, validity: parseNumber(after[0] ?? "") };
    rest = after.slice(1);
  }
  return { names: names ?? [], sections, extra: rest };
}

/** Return as many values as the first field says, and the rest; `null` if they are missing. */
function take(fields: readonly string[]): [readonly string[] | null, readonly string[]] {
  const count = /[.eE]/.test(fields[0] ?? "") ? null : parseNumber(fields[0] ?? "");
  if (count === null || count < 0 || count >= fields.length) return [null, fields];
  return [fields.slice(1, 1 + count), fields.slice(1 + count)];
}

/** Return the values of a section that their sender knows. */
export function knownReadings(readings: Readings | undefined): readonly (number | null)[] {
  if (readings === undefined) return [];
  const { values, validity } = readings;
  return validity !== null && validity < 0 ? values.map(() => null) : values;
}

/** Return the names, and the known values and the validity of each section, by name. */
export function nameTyres(tyres: Tyres) {
  const named: Record<string, readonly (string | number | null)[] | number | null> = {
    names: tyres.names.map(legible),
  };
  for (const name of Object.keys(TYRE_SECTIONS)) {
    const section = tyres.sections[name];
    named[name] = section === undefined ? null : knownReadings(section);
    named[`${name}_valid`] = section?.validity ?? null;
  }
  return named;
}
