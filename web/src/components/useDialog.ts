import { useLocation, useNavigate, useSearchParams } from "react-router";
import type { ControlKey } from "./car/control/controls";

const NAME = "dialog";

/** The dialogs that have an address. Each is looked at by a test of all pages. */
export type DialogName =
  | ControlKey
  | "channel"
  | "delete"
  | `end-${string}`
  | "erase"
  | "forget"
  | `give-back-${string}`
  | `give-${string}`
  | "link"
  | "look"
  | "owner"
  | `passkey-${string}`
  | "qr"
  | "record"
  | "remove"
  | `remove-${string}`
  | "secret"
  | "share"
  | `share-${string}`
  | "token"
  | `token-${number}`
  | "unseal";

/** A dialog with an address: `?dialog=NAME`. Going back closes it. */
export interface OpenDialog {
  /** Which dialog is open, as the address says; null is none. */
  opened: string | null;
  open: (name: DialogName) => void;
  close: () => void;
}

/** Return the dialog that the address names, and what opens and closes dialogs. */
export function useDialog(): OpenDialog {
  const [params, setParams] = useSearchParams();
  const { state } = useLocation();
  const navigate = useNavigate();
  const change = (name: DialogName | null) => {
    const next = new URLSearchParams(params);
    if (name === null) next.delete(NAME);
    else next.set(NAME, name);
    return next;
  };
  return {
    opened: params.get(NAME),
    open: (name) =>
      setParams(change(name), { state: { fromPage: true }, preventScrollReset: true }),
    close: () => {
      if (isFromPage(state)) navigate(-1);
      else setParams(change(null), { replace: true });
    },
  };
}

/** Return whether the page itself opened the dialog, so that back leads to it. */
function isFromPage(state: unknown): boolean {
  return typeof state === "object" && state !== null && "fromPage" in state;
}
