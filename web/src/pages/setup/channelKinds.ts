// By what a person may have somebody told who types where alerts are to go.

import type { ChannelKind } from "../../data/channels";

/** What this app has words for; the server names the others. */
export const NAMED_KINDS = ["mail", "apprise", "expo"] as const;

export type NamedKind = (typeof NAMED_KINDS)[number];

/** What programs subscribe by themselves: this app by its switch, others' apps by their devices. */
const OF_PROGRAMS = ["webpush", "apns", "gcm"];

/** Return the kinds to choose from, those first that reach somebody at once. */
export function kindsToType(kinds: readonly ChannelKind[]): ChannelKind[] {
  const order: readonly string[] = NAMED_KINDS;
  const place = ({ type }: ChannelKind) => (order.includes(type) ? order.indexOf(type) : 99);
  return kinds
    .filter(({ type, key, is_allowed }) => is_allowed && key !== "" && !OF_PROGRAMS.includes(type))
    .sort(
      (one, other) => Number(other.is_active) - Number(one.is_active) || place(one) - place(other),
    );
}

/** Return the kind if this app has words for it, else null. */
export function namedKind(type: string): NamedKind | null {
  return NAMED_KINDS.find((each) => each === type) ?? null;
}
