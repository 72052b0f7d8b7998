// The server's clock. All that the server tells has times of it, and a device's own may be wrong by hours.

/** Milliseconds that count as no difference: answers tell whole seconds. */
const TOLERANCE = 5000;

let ahead = 0;

/** Return the time in milliseconds by the server's clock; by the device's while that is not known. */
export function serverTime(): number {
  return Date.now() - ahead;
}

/** Note the time that the server had (`Date` of an answer), which was asked at `asked`. */
export function noteServerTime(date: string | null, asked: number): void {
  const said = Date.parse(date ?? "");
  if (Number.isNaN(said)) return;
  const now = Date.now();
  const found = (asked + now) / 2 - (said + 500); // some time in between, and in that second
  const unsure = TOLERANCE + Math.abs(now - asked) / 2;
  if (Math.abs(found - ahead) > unsure) ahead = Math.abs(found) > unsure ? found : 0;
}
