import { lazy, Suspense, useEffect, useState } from "react";
import { askForProofBy } from "../data/proof";

const ProofModal = lazy(() => import("./ProofModal"));

/** What waits for the answer of the dialog. */
type Answer = (isProven: boolean) => void;

/** Asks who calls when the server wants to know it anew; what was asked for goes on by itself. */
export function ProofDialog() {
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => askForProofBy(() => new Promise((resolve) => setAnswer(() => resolve))), []);
  if (answer === null) return null;
  const finish = (isProven: boolean) => {
    answer(isProven);
    setAnswer(null);
  };
  return (
    <Suspense fallback={null}>
      <ProofModal finish={finish} />
    </Suspense>
  );
}
