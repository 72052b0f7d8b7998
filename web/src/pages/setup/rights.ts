// What somebody with whom a car is shared may do.

export const RIGHTS = ["view", "location", "command", "pin", "manage"] as const;

export type Right = (typeof RIGHTS)[number];

/** Rights that are worth nothing without others. */
const INCLUDED: Record<Right, readonly Right[]> = {
  view: [],
  location: ["view"],
  command: ["view"],
  pin: ["view", "command"],
  manage: ["view"],
};

/** Return rights after one is switched: what it needs comes with it, what needs it goes. */
export function switchRight(rights: readonly Right[], right: Right, isOn: boolean): Right[] {
  const next = new Set(rights);
  if (isOn) {
    for (const each of [right, ...INCLUDED[right]]) next.add(each);
  } else {
    for (const each of RIGHTS) {
      if (each === right || INCLUDED[each].includes(right)) next.delete(each);
    }
  }
  return RIGHTS.filter((each) => next.has(each));
}
