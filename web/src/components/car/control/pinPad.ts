// A PIN while it is typed. It lives in its dialog, and nowhere else.

/** What commands take at most. */
export const PIN_LIMIT = 8;

export type PinKey = "delete" | (string & {});

/** Return the PIN after a key; what is no digit changes nothing. */
export function pressed(pin: string, key: PinKey): string {
  if (key === "delete" || key === "Backspace") return pin.slice(0, -1);
  return /^[0-9]$/.test(key) && pin.length < PIN_LIMIT ? pin + key : pin;
}
