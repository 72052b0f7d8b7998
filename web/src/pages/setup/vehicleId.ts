// Which ids every module takes.

import { PIC_LENGTH } from "./moduleLines";

export type IdProblem = "empty" | "letters" | "long";

/** Return what keeps modules from taking an id; null for a good one. */
export function idProblem(id: string): IdProblem | null {
  if (id === "") return "empty";
  if (!/^[A-Za-z0-9-]+$/.test(id)) return "letters";
  return id.length > PIC_LENGTH ? "long" : null;
}
