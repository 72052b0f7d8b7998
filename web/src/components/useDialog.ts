import { useLocation, useNavigate, useSearchParams } from "react-router";

const NAME = "dialog";

/** A dialog with an address: `?dialog=NAME`. Going back closes it. */
export interface Dialog {
  /** Which dialog is open; null is none. */
  opened: string | null;
  open: (name: string) => void;
  close: () => void;
}

/** Return the dialog that the address names, and what opens and closes dialogs. */
export function useDialog(): Dialog {
  const [params, setParams] = useSearchParams();
  const { state } = useLocation();
  const navigate = useNavigate();
  const change = (name: string | null) => {
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
