// Moments in fields of the kind `datetime-local`, which know no zone but the device's.

/** Return a moment as such a field has it; empty for none. */
export function toLocal(iso: string | null): string {
  if (iso === null) return "";
  const at = new Date(iso);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** Return what such a field has as a moment; null for an empty one. */
export function fromLocal(value: string): string | null {
  return value === "" ? null : new Date(value).toISOString();
}
