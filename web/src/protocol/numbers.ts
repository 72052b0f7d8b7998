/** Numbers as Python writes and rounds them, so that both ends say the same. */

const SPARE_DIGITS = 60; // enough to see whether a double lies halfway
const MOST_DIGITS = 100; // that toFixed writes
const LARGE = 1e21; // from here on toFixed writes exponents

const SIGNIFICANT = 6; // digits of `general`

/** Return a number with so many digits behind the point; halfway goes to the even one. */
export function fixed(value: number, places: number): string {
  if (Math.abs(value) >= LARGE) {
    return BigInt(value).toString() + (places > 0 ? `.${"0".repeat(places)}` : "");
  }
  const text = value.toFixed(places);
  const exact = value.toFixed(Math.min(MOST_DIGITS, places + SPARE_DIGITS));
  const isHalfway = /^50*$/.test(exact.slice(exact.indexOf(".") + 1 + places));
  if (!isHalfway || "02468".includes(text.at(-1) ?? "")) return text;
  const cut = exact.slice(0, exact.indexOf(".") + 1 + places);
  return cut.endsWith(".") ? cut.slice(0, -1) : cut;
}

/** Return a number rounded to so many digits behind the point. */
export function rounded(value: number, places: number): number {
  return Number(fixed(value, places));
}

/** Return a number with at most six digits, as `format(value, "g")` of Python. */
export function general(value: number): string {
  const [digits = "", exponent = "0"] = value.toExponential(SIGNIFICANT - 1).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < SIGNIFICANT) return trimmed(fixed(value, SIGNIFICANT - 1 - power));
  const sign = power < 0 ? "-" : "+";
  return `${trimmed(digits)}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

function trimmed(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
