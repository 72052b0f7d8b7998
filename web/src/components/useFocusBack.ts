import { type RefObject, useLayoutEffect } from "react";

/** The id of what is the page itself, inside the frame of the app. */
export const MAIN = "main";

/**
 * Give the focus back to what had it before a dialog opened, however the dialog ends.
 *
 * If that is gone, or cannot have the focus any more, the page itself gets it: else the keyboard
 * would begin at the top again. A focus that was put elsewhere in the meantime stays there.
 *
 * @param isOpen whether the dialog is open
 * @param dialog what is the dialog
 */
export function useFocusBack(isOpen: boolean, dialog: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    if (!isOpen) return;
    const opener = document.activeElement;
    return () => {
      const closing = dialog.current;
      setTimeout(() => giveBack(opener, closing));
    };
  }, [isOpen, dialog]);
}

function giveBack(opener: Element | null, closing: HTMLElement | null): void {
  const now = document.activeElement;
  const isLost = now === null || now === document.body || closing?.contains(now) === true;
  if (!isLost) return;
  if (opener instanceof HTMLElement && opener !== document.body) {
    opener.focus({ preventScroll: true });
    if (document.activeElement === opener) return;
  }
  document.getElementById(MAIN)?.focus({ preventScroll: true });
}
