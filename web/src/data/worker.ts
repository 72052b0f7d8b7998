// The service worker of the app, and when a new version of it waits.

import { useSyncExternalStore } from "react";

/** Milliseconds between two looks for a new version, while the page is seen. */
const LOOK_EVERY = 3_600_000;

const listeners = new Set<() => void>();
let waiting: ServiceWorker | null = null;

/** Register the worker. Where the browser does not trust the certificate, the app works without. */
export async function startWorker(container: ServiceWorkerContainer): Promise<void> {
  const registration = await container.register("/sw.js").catch(() => null);
  if (!registration) return; // nothing at all where an extension or a test keeps workers out
  note(registration, container);
  registration.addEventListener("updatefound", () => {
    const found = registration.installing;
    found?.addEventListener("statechange", () => note(registration, container));
  });
  setInterval(() => {
    if (document.visibilityState === "visible") registration.update().catch(() => undefined);
  }, LOOK_EVERY);
}

/** Return what loads the new version; null while there is none. */
export function useNewVersion(): (() => void) | null {
  const worker = useSyncExternalStore(subscribe, () => waiting);
  return worker === null ? null : () => apply(worker, navigator.serviceWorker);
}

/** The first version of all replaces none, so nobody needs to be told of it. */
function note(registration: ServiceWorkerRegistration, container: ServiceWorkerContainer): void {
  waiting = container.controller === null ? null : registration.waiting;
  for (const listener of listeners) listener();
}

function apply(worker: ServiceWorker, container: ServiceWorkerContainer): void {
  container.addEventListener("controllerchange", () => location.reload(), { once: true });
  worker.postMessage("use-it");
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
