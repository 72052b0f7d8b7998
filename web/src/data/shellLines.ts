// Text commands that this device remembers: those sent lately, and favourites.

const HISTORY = "ovms.shell.history";
const FAVOURITES = "ovms.shell.favourites";

const HISTORY_LIMIT = 50;
const FAVOURITES_LIMIT = 30;

/** Return the favourites, in the order in which they were added. */
export function favourites(): string[] {
  return read(FAVOURITES);
}

/** Add a favourite, or remove it; return all. */
export function toggleFavourite(line: string): string[] {
  const before = favourites();
  const after = before.includes(line)
    ? before.filter((each) => each !== line)
    : [...before, line].slice(-FAVOURITES_LIMIT);
  localStorage.setItem(FAVOURITES, JSON.stringify(after));
  return after;
}

/** Return the lines sent lately, the newest last. */
export function shellHistory(): string[] {
  return read(HISTORY);
}

/** Remember a line as the newest. One that sets something is not kept: it may hold a password. */
export function remember(line: string): void {
  if (isSecret(line)) return;
  const after = [...shellHistory().filter((each) => each !== line), line].slice(-HISTORY_LIMIT);
  localStorage.setItem(HISTORY, JSON.stringify(after));
}

/** Return whether a line may hold what is to stay nowhere. */
export function isSecret(line: string): boolean {
  return /\b(?:set|pass\w*|secret|key|pin)\b/i.test(line);
}

function read(name: string): string[] {
  try {
    const lines: unknown = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
  } catch {
    return [];
  }
}
