// What a person fills in for a module that fetches its settings, and what a PIC needs for that.

import type { ModuleServerAnswer } from "../../data/moduleSetup";
import type { ProvisionBody } from "../../data/provision";
import { PIC_LENGTH, USUAL_PORT } from "./moduleLines";

/** What stands in the form; an empty text is not set. */
export interface ProvisionFields {
  vin: string;
  iccid: string;
  server: string;
  apn: string;
  apnUser: string;
  apnPassword: string;
  phone: string;
  phonePassword: string;
  units: "K" | "M";
  hasNewSecret: boolean;
}

/** How a PIC is told to notify: by text messages and by the server. */
const NOTIFICATIONS = "SMSIP";

/** Characters of the secrets that the server makes. */
const SECRET_LENGTH = 22;

/** Bytes of parameters that a PIC's buffer of 200 has room for, sealed and with what is around. */
export const PIC_RECORD = 108;

/** Return where modules call as a parameter, HOST or HOST:PORT; empty if nobody knows. */
export function addressOf({ host, port }: ModuleServerAnswer): string {
  if (host === null) return "";
  const written = host.includes(":") ? `[${host}]` : host;
  return port === null || port === USUAL_PORT ? written : `${written}:${port}`;
}

/** Return what is sent to make the record. */
export function bodyOf(fields: ProvisionFields): ProvisionBody {
  return {
    vin: joined(fields.vin),
    iccid: joined(fields.iccid),
    new_secret: fields.hasNewSecret,
    server: orNull(fields.server),
    phone: orNull(fields.phone),
    phone_password: orNull(fields.phonePassword),
    units: fields.units,
    notifications: NOTIFICATIONS,
    apn: orNull(fields.apn),
    apn_user: orNull(fields.apnUser),
    apn_password: orNull(fields.apnPassword),
    paranoid_password: null,
  };
}

export type RecordProblem = "longRecord" | "longWord" | "otherPort";

/** Return what keeps a PIC from taking a record; other modules take it. */
export function picRecordProblems(vehicle: string, fields: ProvisionFields): RecordProblem[] {
  const body = bodyOf(fields);
  const secret = "x".repeat(SECRET_LENGTH);
  const words = [body.phone, body.phone_password, body.units, body.notifications, body.server,
    body.apn, body.apn_user, body.apn_password, vehicle, secret, null].map((word) => word ?? "-"); // biome-ignore format: the order of the parameters
  const sizes = words.map((word) => new TextEncoder().encode(word).length);
  const found: RecordProblem[] = [];
  if (sizes.reduce((sum, size) => sum + size + 1, -1) > PIC_RECORD) found.push("longRecord");
  if (sizes.some((size) => size > PIC_LENGTH)) found.push("longWord");
  if (/:\d+$/.test(body.server ?? "")) found.push("otherPort");
  return found;
}

/** An entry of the phone book of a SIM card. */
export interface PhoneBookEntry {
  name: string;
  number: string;
}

/** Return the entries by which a PIC asks this server; it takes a hyphen for the end of a value. */
export function phoneBookOf(server: string, apn: string): PhoneBookEntry[] | null {
  if ([server, apn].some((value) => value.includes("-"))) return null;
  const values = [
    ["4", server],
    ["5", apn],
  ].filter(([, value]) => value !== "");
  return [
    { name: "OVMS-AUTO", number: "199" },
    ...values.map(([number, value]) => ({ name: `O-${number}-${value}`, number: "0" })),
  ];
}

/** Return a number as it is printed on a card, without the blanks between its groups. */
function joined(text: string): string {
  return text.replace(/\s+/g, "");
}

function orNull(text: string): string | null {
  const word = text.trim();
  return word === "" ? null : word;
}
