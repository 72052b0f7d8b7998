// Text commands that this device remembers of an account: those sent lately, and favourites.

import { keep, kept } from "./device/local";

const HISTORY = "ovms.shell.history";
const FAVOURITES = "ovms.shell.favourites";

const HISTORY_LIMIT = 50;
const FAVOURITES_LIMIT = 30;

/** What sets something, or names what is to stay nowhere. */
const SECRET = /\b(?:set|pass\w*|secret|key|pin|token)\b/i;

/** What takes a PIN or a password as its only word. */
const WITH_SECRET = /^\s*(?:(?:un)?(?:lock|valet)|enable)\s+\S/i;

/** Return the favourites, in the order in which they were added. */
export function favourites(account: string): string[] {
  return read(FAVOURITES, account);
}

/** Add a favourite, or remove it; return all. */
export function toggleFavourite(account: string, line: string): string[] {
  const before = favourites(account);
  const after = before.includes(line)
    ? before.filter((each) => each !== line)
    : [...before, line].slice(-FAVOURITES_LIMIT);
  keep(nameOf(FAVOURITES, account), JSON.stringify(after));
  return after;
}

/** Return the lines sent lately, the newest last. */
export function shellHistory(account: string): string[] {
  return read(HISTORY, account);
}

/** Remember a line as the newest, unless it may hold what is to stay nowhere. */
export function remember(account: string, line: string): void {
  if (isSecret(line)) return;
  const before = shellHistory(account).filter((each) => each !== line);
  keep(nameOf(HISTORY, account), JSON.stringify([...before, line].slice(-HISTORY_LIMIT)));
}

/** Forget the lines of an account, as when it logs out. */
export function forgetLines(account: string): void {
  keep(nameOf(HISTORY, account), null);
  keep(nameOf(FAVOURITES, account), null);
}

/** Return whether a line may hold a password or a PIN. */
export function isSecret(line: string): boolean {
  return SECRET.test(line) || WITH_SECRET.test(line);
}

function nameOf(kind: string, account: string): string {
  return `${kind}.${account}`;
}

function read(kind: string, account: string): string[] {
  try {
    const lines: unknown = JSON.parse(kept(nameOf(kind, account)) ?? "[]");
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
  } catch {
    return [];
  }
}
