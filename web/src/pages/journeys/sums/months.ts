// Sums by month or year, with those in which nothing was.

export type By = "month" | "year" | "place";

/** Return the key of the month or year after another one. */
export function nextKey(key: string): string {
  const [year = 0, month] = key.split("-").map(Number);
  if (month === undefined) return String(year + 1);
  return month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, "0")}`;
}

/** The most months that are shown, so that a wrong clock in the past makes no endless list. */
export const KEY_LIMIT = 600;

/** Return all keys from the first to the last, with those between that have nothing. */
export function keysBetween(keys: readonly string[]): string[] {
  const sorted = [...keys].sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const all = [first];
  while ((all.at(-1) ?? last) < last && all.length < KEY_LIMIT)
    all.push(nextKey(all.at(-1) ?? last));
  return all;
}

interface Costs {
  costs: readonly { amount: string; currency: string }[];
  incomplete: readonly string[];
}

/** Return what charges cost in a currency, as a number for a chart; null if nobody knows. */
export function amountIn({ costs, incomplete }: Costs, currency: string): number | null {
  const found = costs.find((each) => each.currency === currency);
  if (found !== undefined) return Number(found.amount);
  return incomplete.includes("costs") ? null : 0;
}

/** Return all currencies that costs have, the most frequent first. */
export function currenciesOf(costs: readonly (readonly { currency: string }[])[]): string[] {
  const counts = new Map<string, number>();
  for (const { currency } of costs.flat()) counts.set(currency, (counts.get(currency) ?? 0) + 1);
  return [...counts.keys()].sort((one, other) => (counts.get(other) ?? 0) - (counts.get(one) ?? 0));
}
