/** What a message says, by name: for whoever shows a message of any code. */

import { parseAlert } from "./alerts";
import { type Bytes, legible } from "./bytes";
import { parseCapabilities, writeRanges } from "./capabilities";
import { fromPic, nameFields, parseRecord } from "./records";
import { nameTyres, parseTyres } from "./tyres";

type Plain = string | number | boolean | null;

/** Every field by name, `null` for what the sender does not know. */
export type Known = Readonly<Record<string, Plain | readonly Plain[]>>;

/** Return the content of a message; `null` if its code has no record. Never fails. */
export function decodeRecord(code: string, data: Bytes, isPic = false): Known | null {
  if (code === "V") return { commands: legible(writeRanges(parseCapabilities(data).commands)) };
  if (code === "Y") return nameTyres(parseTyres(data));
  if (code === "P") {
    const alert = parseAlert(data);
    return alert && { ...alert };
  }
  const record = parseRecord(code, data);
  return record && nameFields(isPic ? fromPic(record) : record);
}
