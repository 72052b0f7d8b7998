import { lazy, memo, Suspense } from "react";
import type { Controls } from "./useControls";

const ConfirmControl = lazy(() => import("./ConfirmControl"));
const PinDialog = lazy(() => import("./PinDialog"));

/** Asks what a control asks before its command is sent; nothing where none does. */
export const AskDialog = memo(function AskDialog({ controls }: { controls: Controls }) {
  const { asking, answer, cancel, obstacle } = controls;
  if (asking === null || obstacle(asking.command, asking.right) === "noRight") return null;
  return (
    <Suspense fallback={null}>
      {asking.asks === "pin" ? (
        <PinDialog control={asking.key} onSend={(pin) => void answer({ pin })} onClose={cancel} />
      ) : (
        <ConfirmControl control={asking.key} onSend={() => void answer()} onClose={cancel} />
      )}
    </Suspense>
  );
});
