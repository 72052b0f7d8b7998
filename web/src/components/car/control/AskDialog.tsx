import { ConfirmDialog } from "./ConfirmDialog";
import { PinDialog } from "./PinDialog";
import type { Controls } from "./useControls";

/** Asks what a control asks before its command is sent; nothing where none does. */
export function AskDialog({ controls }: { controls: Controls }) {
  const { asking, answer, cancel, obstacle } = controls;
  if (asking === null || obstacle(asking.command, asking.right) === "noRight") return null;
  if (asking.asks === "pin") {
    return (
      <PinDialog control={asking.key} onSend={(pin) => void answer({ pin })} onClose={cancel} />
    );
  }
  return <ConfirmDialog control={asking.key} onSend={() => void answer()} onClose={cancel} />;
}
