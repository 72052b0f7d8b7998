/**
 * Return whether what a component shows is the same, for `memo`: of plain data that is made anew
 * with each report of a car, although most of it did not change.
 */
export function sayTheSame<T extends object>(before: T, after: T): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
