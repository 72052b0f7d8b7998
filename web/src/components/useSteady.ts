import { useState } from "react";

/**
 * Return plain data as it was at first for as long as it says the same: what is made of it is then
 * not rendered again, although it comes anew with each report of a car.
 */
export function useSteady<T>(value: T): T {
  const [kept, setKept] = useState({ value, words: JSON.stringify(value) });
  const words = JSON.stringify(value);
  if (words === kept.words) return kept.value;
  setKept({ value, words });
  return value;
}
