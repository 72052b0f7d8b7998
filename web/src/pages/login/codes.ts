// Codes in links of mails and of the server's start: they stand behind the #, which browsers send
// to no server.

import { useEffect, useState } from "react";

/** Return a value behind the # of an address, as `#code=…`; empty without one. */
export function fromHash(hash: string, name: string): string {
  return new URLSearchParams(hash.replace(/^#/, "")).get(name)?.trim() ?? "";
}

/** Return what the address has of a code, once: it goes from the address, so that nobody copies it. */
export function useCodeOfAddress(name: string): string {
  const [code] = useState(() => fromHash(window.location.hash, name));
  useEffect(() => {
    if (code === "") return;
    const { pathname, search } = window.location;
    window.history.replaceState(window.history.state, "", pathname + search);
  }, [code]);
  return code;
}
