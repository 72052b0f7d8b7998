// Parts of the app that could not be loaded: the server has other files by now, or the line was cut.

const missing = new WeakSet<object>();

/** Take note of what cannot be loaded; `page` is the window, or stands for it in a test. */
export function noteMissing(page: Pick<Window, "addEventListener">): void {
  page.addEventListener("vite:preloadError", ({ payload }) => missing.add(payload));
}

/** Return whether an error is that a part of the app could not be loaded, and no fault of it. */
export function isMissing(error: unknown): boolean {
  return typeof error === "object" && error !== null && missing.has(error);
}
