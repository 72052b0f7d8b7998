// Who is logged in on this device, for what it keeps of an account.

import { keep, kept } from "./local";

export interface Who {
  owner: string;
  is_admin: boolean;
  means: "password" | "passkey" | "token";
}

/** Where it is kept; other tabs of the browser see it change. */
export const WHO = "ovms.session";

/** Return who is logged in, as far as this device knows; null is nobody. */
export function keptWho(): Who | null {
  try {
    const found = JSON.parse(kept(WHO) ?? "null");
    return typeof found?.owner === "string" ? found : null;
  } catch {
    return null;
  }
}

/** Note who is logged in: what pages need without a server, and nothing else of the session. */
export function keepWho(who: Who | null): void {
  if (who === null) {
    keep(WHO, null);
    return;
  }
  const { owner, is_admin, means } = who;
  keep(WHO, JSON.stringify({ owner, is_admin, means }));
}
