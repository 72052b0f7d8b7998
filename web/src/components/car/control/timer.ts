// The timer of the charge: people name a time here, the car wants minutes after midnight UTC.

import { serverTime } from "../../../data/clock";

const DAY = 1440;

/** Return minutes after midnight UTC of a local time `HH:MM`; null if it is none. */
export function utcMinutes(local: string, offset: number): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(local);
  if (found === null) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return (((minutes + offset) % DAY) + DAY) % DAY;
}

/** Return the local time `HH:MM` of seconds after midnight UTC; empty if they are unknown. */
export function localTime(seconds: number | null, offset: number): string {
  if (seconds === null) return "";
  const minutes = (((Math.floor(seconds / 60) - offset) % DAY) + DAY) % DAY;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Return the minutes between here and UTC, as `Date` has them: -60 is an hour east. */
export function offsetHere(): number {
  return new Date(serverTime()).getTimezoneOffset();
}
