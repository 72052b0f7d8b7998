/** Return the number that a field says; null, which is the server's own, if it is empty. */
export function numberOrNull(value: string | number): number | null {
  const text = String(value).trim();
  return text === "" ? null : Number(text);
}
