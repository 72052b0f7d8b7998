/// <reference lib="webworker" />
// The service worker: keeps the shell, so that the app opens without a connection.
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";

declare const self: ServiceWorkerGlobalScope;

/** What the server answers itself; never a page of the app. */
const SERVERS_OWN = /^\/(?:api|apiv2|docs|health|metrics)(?:\/|$)/;

cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST, { directoryIndex: "index.html", cleanURLs: false });

self.addEventListener("install", () => {
  void self.skipWaiting();
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
