/**
 * The types of a record's fields: values, and their text on the wire.
 *
 * Text that is not of the type is `null`, so a bad field never spoils its record.
 */

import { fixed } from "./numbers";
import type { FieldRow } from "./tables";

export type Value = string | number | boolean | null;

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const INTEGER = /^[+-]?\d{1,15}$/;
const HEX = /^[0-9a-fA-F]{1,15}$/;
const BYTE = 0xff;

/** Return the value of a field; `null` if its text is empty or not of the type. */
export function parseField(field: FieldRow, text: string): Value {
  switch (field.kind) {
    case "text":
      return text === "" ? null : text;
    case "number":
      return parseNumber(text, field.scale);
    case "hex":
      return HEX.test(text) ? Number.parseInt(text, 16) : null;
    case "flag":
      return INTEGER.test(text) ? Number(text) > 0 : null;
    case "bits":
      return parseByte(text);
  }
}

/** Return a finite number; `null` for other text. */
export function parseNumber(text: string, scale = 1): number | null {
  if (scale === 1 && INTEGER.test(text)) return Number(text) + 0; // no -0 of a whole number
  if (!NUMBER.test(text)) return null;
  const value = Number(text) / scale;
  return Number.isFinite(value) ? value : null;
}

function parseByte(text: string): number | null {
  const value = INTEGER.test(text) ? Number(text) + 0 : -1;
  return value >= 0 && value <= BYTE ? value : null;
}

/** Return the text of a value. `parseField` returns the same value. */
export function encodeField(field: FieldRow, value: Value): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "string") return encodeText(value);
  if (field.kind === "hex") return value.toString(16).toUpperCase();
  return encodeNumber(value, field.scale, field.places);
}

/** Return text without what would break a record: newer modules write `;` and CR, too. */
function encodeText(text: string): string {
  return text.replaceAll(",", ";").replaceAll("\r\n", "\r").replaceAll("\n", "\r");
}

/** Return a number as text, rounded to `places`. */
function encodeNumber(value: number, scale = 1, places = 0): string {
  const text = fixed(value * scale, places);
  return /^-[0.]*$/.test(text) ? text.slice(1) : text;
}
