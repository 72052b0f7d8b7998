// Walking through former lines with the arrow keys, as shells do.

export interface LineHistory {
  /** The newest last. */
  lines: readonly string[];
  /** Which line is shown; that behind the last one is what is being typed. */
  at: number;
  /** What was being typed before the first step back. */
  draft: string;
}

/** Return a history at its end. */
export function historyOf(lines: readonly string[]): LineHistory {
  return { lines, at: lines.length, draft: "" };
}

/** Go to the line before (-1) or after (1); return the history and the line that is there. */
export function step(
  history: LineHistory,
  by: -1 | 1,
  typed: string,
): { history: LineHistory; line: string } {
  const { lines } = history;
  const draft = history.at === lines.length ? typed : history.draft;
  const at = Math.min(Math.max(history.at + by, 0), lines.length);
  return { history: { lines, at, draft }, line: lines[at] ?? draft };
}
