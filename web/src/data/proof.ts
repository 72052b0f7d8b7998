// Calls that need a fresh proof of who calls: the page asks for it, and the call is made again.

import { ApiError } from "./api";

/** Asks the person for a proof; false if none was given. */
export type ProofAsker = () => Promise<boolean>;

let asker: ProofAsker | null = null;

/** Have a proof asked for by this; return what ends that. */
export function askForProofBy(next: ProofAsker): () => void {
  asker = next;
  return () => {
    if (asker === next) asker = null;
  };
}

/** Make a call; if the server wants a fresh proof of who calls, ask for one and make it again. */
export async function proven<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    const isNeeded = error instanceof ApiError && error.code === "proof_needed";
    if (!isNeeded || asker === null || !(await asker())) throw error;
    return make();
  }
}
