import { useEffect } from "react";

/** Name the page in the browser's tab and history; a screen reader hears it. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · OVMS`;
  }, [title]);
}
