/// <reference lib="webworker" />
// The service worker: keeps the shell, so that the app opens without a connection, and shows alerts
// that the server pushes.
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";
import { readPush } from "./data/pushed";

declare const self: ServiceWorkerGlobalScope;

/** What the server answers itself; never a page of the app. */
const SERVERS_OWN = /^\/(?:api|apiv2|docs|health|metrics)(?:\/|$)/;

cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST, { directoryIndex: "index.html", cleanURLs: false });

// A new version waits until a page asks for it: the files of the old one stay while it is open.
self.addEventListener("message", ({ data }) => {
  if (data === "use-it") void self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

// A page comes from the server, with its newest headers; from the cache only when that is away.
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode !== "navigate" || SERVERS_OWN.test(new URL(request.url).pathname)) return;
  event.respondWith(
    fetch(request).catch(async () => (await matchPrecache("/index.html")) ?? Response.error()),
  );
});

self.addEventListener("push", (event) => {
  const { title, text, id, time, url } = readPush(event.data?.text() ?? "");
  event.waitUntil(
    self.registration.showNotification(title, {
      body: text,
      tag: id, // an alert that is pushed again takes the place of its first
      icon: "/icons/192.png",
      badge: "/icons/badge.png",
      data: url,
      ...(time === null ? {} : { timestamp: time * 1000 }),
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage(String(event.notification.data)));
});

/** Show a page of the app: in a window that is open already, if there is one. */
async function openPage(path: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window" });
  const open = windows.find(({ focused }) => focused) ?? windows[0];
  if (open === undefined) {
    await self.clients.openWindow(path);
    return;
  }
  await open.navigate(path);
  await open.focus();
}

// Browsers change where a device is reached; pages tell the server at each start, too.
self.addEventListener("pushsubscriptionchange", (event) => {
  const change = event as PushSubscriptionChangeEvent;
  change.waitUntil(subscribeAgain(change));
});

async function subscribeAgain({ newSubscription, oldSubscription }: PushSubscriptionChangeEvent) {
  const options = oldSubscription?.options;
  const made =
    newSubscription ??
    (options === undefined ? null : await self.registration.pushManager.subscribe(options));
  if (made === null) return;
  await fetch("/api/v1/account/push", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ endpoint: made.endpoint, keys: made.toJSON().keys }),
  });
}
