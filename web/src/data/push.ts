// Web Push: this device is told of alerts while the app is closed.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { browserOf } from "./browser";
import { ask } from "./calls";
import { keep, kept } from "./device/local";
import { queryOf } from "./queries";

const KEY = ["account", "push"];
const HERE = ["device", "push"];

/** Where the number is kept under which the server knows this device. */
const STORED = "ovms.push";

/** What this browser can do, and whether it does. */
export type PushState =
  /** It knows no Web Push, or not on a page whose certificate it does not trust. */
  | "unsupported"
  /** On iPhones and iPads it is for apps on the home screen only. */
  | "needs_install"
  /** Its owner has said no; only the browser's settings change that. */
  | "denied"
  | "off"
  | "on";

/** Return the account's devices, and the key that a browser needs. */
export function usePushDevices() {
  return useQuery(queryOf(KEY, "GET /account/push", {}));
}

/** Return what this device does; undefined while that is not known. */
export function usePushState(): PushState | undefined {
  return useQuery({ queryKey: HERE, queryFn: readState }).data;
}

/** Return the number under which the server knows this device; null if it does not. */
export function pushNumber(): number | null {
  const text = kept(STORED);
  return text === null ? null : Number(text);
}

/** Return what begins and ends pushes to this device, and what tries one. */
export function usePush() {
  const client = useQueryClient();
  const changed = () =>
    Promise.all([KEY, HERE].map((queryKey) => client.invalidateQueries({ queryKey })));
  return {
    /** Ask the person, subscribe, and tell the server. It must follow a click. */
    begin: async (key: string, name: string) => {
      if ((await Notification.requestPermission()) === "granted") {
        const worker = await navigator.serviceWorker.ready;
        const options = { userVisibleOnly: true, applicationServerKey: key };
        await tell(await worker.pushManager.subscribe(options), name);
      }
      await changed();
    },
    end: async () => {
      const number = pushNumber();
      await endPush();
      if (number !== null) {
        await ask("DELETE /account/push/{device_id}", { path: { device_id: number } });
      }
      await changed();
    },
    test: async () => {
      const number = pushNumber();
      if (number === null) return null;
      return ask("POST /account/push/{device_id}/test", { path: { device_id: number } });
    },
  };
}

/** Tell the server again where this device is reached, as browsers change that. */
export async function renewPush(name: string): Promise<void> {
  const subscription = await subscriptionHere();
  if (subscription !== null) await tell(subscription, name);
}

/** Have the browser take no more pushes; the server notices at the next. */
export async function endPush(): Promise<void> {
  keep(STORED, null);
  await (await subscriptionHere())?.unsubscribe();
}

async function tell(subscription: PushSubscription, name: string): Promise<void> {
  const { endpoint = "", keys = {} } = subscription.toJSON();
  const { p256dh = "", auth = "" } = keys;
  const body = { endpoint, keys: { p256dh, auth }, name };
  const device = await ask("POST /account/push", { body });
  keep(STORED, String(device.id));
}

async function subscriptionHere(): Promise<PushSubscription | null> {
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis)) return null;
  const worker = await navigator.serviceWorker.getRegistration();
  return (await worker?.pushManager.getSubscription()) ?? null;
}

async function readState(): Promise<PushState> {
  const isKnown = "serviceWorker" in navigator && "PushManager" in globalThis;
  if (!isKnown || !("Notification" in globalThis)) {
    return isAppleMobile(navigator.userAgent, navigator.maxTouchPoints)
      ? "needs_install"
      : "unsupported";
  }
  if (Notification.permission === "denied") return "denied";
  if ((await navigator.serviceWorker.getRegistration()) === undefined) return "unsupported";
  return (await subscriptionHere()) !== null && pushNumber() !== null ? "on" : "off";
}

/** Return whether it is an iPhone or iPad; the latter says that it is a Mac. */
export function isAppleMobile(agent: string, touchPoints: number): boolean {
  return /iPhone|iPad|iPod/.test(agent) || (agent.includes("Macintosh") && touchPoints > 1);
}

/** Return what to call a device by what its browser says of itself, as `Firefox · Android`. */
export function deviceName(agent: string): string {
  return browserOf(agent) ?? "Browser";
}
