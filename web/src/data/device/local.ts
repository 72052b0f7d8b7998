// Short texts that this device keeps (localStorage). Where the browser keeps none (storage is blocked,
// or full), they live as long as the page.

/** What the browser did not take; null is what it should have forgotten. */
const memory = new Map<string, string | null>();

/** Return what is kept under a name; null if nothing is. */
export function kept(name: string): string | null {
  const here = memory.get(name);
  if (here !== undefined) return here;
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keep a text under a name; null forgets it. */
export function keep(name: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    memory.delete(name);
  } catch {
    memory.set(name, text);
  }
}
