/** `V`: which commands the car supports. A car without one may still support any. */

import { type Bytes, toText } from "./bytes";

const RANGE = /^C(\d{1,5})(?:-(\d{1,5}))?$/;

/** Numbers of commands, both ends included. */
export interface CommandRange {
  readonly first: number;
  readonly last: number;
}

export interface Capabilities {
  readonly commands: readonly CommandRange[];
  /** Items that are no range of commands. */
  readonly extra: readonly string[];
}

/** Read the data of a `V`. Never fails. */
export function parseCapabilities(data: Bytes): Capabilities {
  const commands: CommandRange[] = [];
  const extra: string[] = [];
  for (const item of toText(data).split(",").filter(Boolean)) {
    const found = RANGE.exec(item);
    if (found === null) extra.push(item);
    else commands.push({ first: Number(found[1]), last: Number(found[2] ?? found[1]) });
  }
  return { commands, extra };
}

/** Return whether a command is in one of the ranges. */
export function supports(commands: readonly CommandRange[], number: number): boolean {
  return commands.some(({ first, last }) => first <= number && number <= last);
}

/** Return ranges as they are on the wire. */
export function writeRanges(commands: readonly CommandRange[]): string {
  const write = ({ first, last }: CommandRange) =>
    first === last ? `C${first}` : `C${first}-${last}`;
  return commands.map(write).join(",");
}
