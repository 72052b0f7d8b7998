// What the form of a correction holds, and what is sent of it.

import type { JourneyAnswer, JourneyChanges } from "../../../data/journeys";

/** Numbers are texts as they are typed; empty is as reported. */
export interface EditForm {
  note: string;
  purpose: "" | "business" | "private";
  energy: string;
  grid_energy: string;
  cost: string;
}

/** Return what a journey says now, as the form shows it: with the reader's decimal sign. */
export function formOf({ note, purpose, trip, charge }: JourneyAnswer, decimal: string): EditForm {
  const text = (value: number | string | null | undefined) =>
    value === null || value === undefined ? "" : `${value}`.replace(".", decimal);
  return {
    note: note ?? "",
    purpose: purpose ?? "",
    energy: text(trip?.energy ?? charge?.energy),
    grid_energy: text(charge?.grid_energy),
    cost: text(charge?.cost?.amount),
  };
}

/** Return a number that somebody typed, with a comma or a point; null if it is none. */
export function readNumber(typed: string): number | null {
  const plain = typed.trim().replace(",", ".");
  return /^\d+(\.\d*)?$/.test(plain) ? Number(plain) : null;
}

const NUMBERS = ["energy", "grid_energy", "cost"] as const;

/** Return the names of fields that are no numbers. */
export function wrongFields(form: EditForm): (typeof NUMBERS)[number][] {
  return NUMBERS.filter((name) => form[name].trim() !== "" && readNumber(form[name]) === null);
}

/** Return what has changed; null is as reported again. */
export function changesOf(before: EditForm, form: EditForm): JourneyChanges {
  const changes: JourneyChanges = {};
  if (form.note.trim() !== before.note) changes.note = form.note.trim() || null;
  if (form.purpose !== before.purpose) changes.purpose = form.purpose || null;
  if (form.energy !== before.energy) changes.energy = readNumber(form.energy);
  if (form.grid_energy !== before.grid_energy) changes.grid_energy = readNumber(form.grid_energy);
  if (form.cost !== before.cost) changes.cost = readNumber(form.cost)?.toString() ?? null;
  return changes;
}
