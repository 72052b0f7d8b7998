// What to set in a module so that it calls this server, as `ovms vehicle add` says it, too.

import type { ModuleServerAnswer } from "../../data/moduleSetup";

/** How a module reaches the server, and as what. */
export interface ModuleLink {
  id: string;
  secret: string;
  host: string;
  isTls: boolean;
  port: number | null;
}

/** The ports that modules take by themselves. */
export const USUAL_PORT = 6867;
export const USUAL_TLS_PORT = 6870;

/** Characters of a parameter that a PIC keeps. */
export const PIC_LENGTH = 31;

/** Days for which a module is told to have its trips and charges kept. */
const HISTORY_DAYS = 30;

/** What stands for the server's name while nobody knows it. */
export const UNKNOWN_HOST = "HOST";

/** Return how a module calls, over TLS or without. */
export function linkOf(
  server: ModuleServerAnswer,
  id: string,
  secret: string,
  isTls: boolean,
): ModuleLink {
  const port = isTls ? server.tls_port : server.port;
  return { id, secret, host: server.host ?? UNKNOWN_HOST, isTls, port };
}

/** Return whether a module had better call over TLS: it must, or it trusts the certificate. */
export function prefersTls(server: ModuleServerAnswer, isTlsOnly: boolean): boolean {
  if (server.tls_port === null) return false;
  return isTlsOnly || server.port === null || (server.certificate?.is_trusted ?? false);
}

/** Return the port to set, null for the one that a module takes by itself. */
export function portToSet({ isTls, port }: ModuleLink): number | null {
  return port === (isTls ? USUAL_TLS_PORT : USUAL_PORT) ? null : port;
}

/** Return the lines for the shell of an ESP32, in the order in which they are to be entered. */
export function esp32Lines(link: ModuleLink): string[] {
  const port = portToSet(link);
  return [
    "enable",
    `config set vehicle id ${quoted(link.id)}`,
    `config set password server.v2 ${quoted(link.secret)}`,
    `config set server.v2 server ${link.host}`,
    `config set server.v2 tls ${link.isTls ? "yes" : "no"}`,
    ...(port === null ? [] : [`config set server.v2 port ${port}`]),
    "config set auto server.v2 yes",
    `config set notify log.trip.storetime ${HISTORY_DAYS}`,
    `config set notify log.grid.storetime ${HISTORY_DAYS}`,
    "server v2 start",
    "server v2 status",
  ];
}

/** Return the text messages for a PIC; `units` are those that it reports in. */
export function picLines(link: ModuleLink, units: "K" | "M"): string[] {
  return [
    "REGISTER password",
    `MODULE ${link.id} ${units} SMSIP`,
    `SERVER ${link.host} ${link.secret}`,
    "GPRS apn - -",
  ];
}

export type PicProblem = "noPlainPort" | "otherPort" | "longHost" | "longId" | "longSecret";

/** Return what keeps a PIC from calling: it has no TLS, one port, and short parameters. */
export function picProblems(
  server: ModuleServerAnswer,
  isTlsOnly: boolean,
  link: ModuleLink,
): PicProblem[] {
  if (server.port === null || isTlsOnly) return ["noPlainPort"];
  const found: PicProblem[] = [];
  if (server.port !== USUAL_PORT) found.push("otherPort");
  if (link.host.length > PIC_LENGTH) found.push("longHost");
  if (link.id.length > PIC_LENGTH) found.push("longId");
  if (link.secret.length > PIC_LENGTH) found.push("longSecret");
  return found;
}

/** Return a value as an ESP32's shell takes it: blanks and a quote in front need quotes. */
export function quoted(value: string): string {
  if (!value.includes(" ") && !/^['"]/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
