import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forgetAccount, readStates, writeState } from "../device/states";
import { keepWho } from "../device/who";
import { FakeStream, fakeBrowser, settle } from "./fakes";
import { Fleet } from "./fleet";
import type { VehicleState } from "./types";

const BATTERY = { time: "2026-11-27T02:30:00.000Z", age: 4, is_stale: false, old: [], soc: 80 };
const FULL = {
  is_full: true,
  vehicle_id: "CAR1",
  is_online: true,
  is_paranoid: false,
  heard: "2026-11-27T02:30:00.000Z",
  distance_unit: "km",
  hidden: ["location"],
  groups: { battery: BATTERY, location: null, made_up: BATTERY },
};

let fleet: Fleet;
let renders: number;
let end: () => void;

beforeEach(async () => {
  fakeBrowser();
  renders = 0;
  fleet = new Fleet("Bob");
  end = fleet.subscribe(() => {
    renders += 1;
  });
  FakeStream.last.onopen?.();
  await settle();
});

afterEach(async () => {
  end();
  keepWho(null);
  await forgetAccount("Bob");
  vi.useRealTimers();
});

const publish = () => vi.advanceTimersByTimeAsync(250);
const car = () => fleet.view().vehicles.get("CAR1");

test("the whole state comes first, then the groups that change", async () => {
  expect(FakeStream.last.address).toBe("/api/v1/events");
  FakeStream.last.says("state", FULL);
  await publish();
  expect(fleet.view()).toMatchObject({ source: "live", connection: { status: "open" } });
  expect(car()?.presence.is_online).toBe(true);
  expect(car()?.state).toMatchObject({ hidden: ["location"], distance_unit: "km" });
  const { age: _, ...battery } = BATTERY;
  expect(car()?.state.groups.battery).toEqual(battery);
  expect(Object.keys(car()?.state.groups ?? {})).toHaveLength(12);
  const doors = { ...BATTERY, is_locked: true };
  FakeStream.last.says("state", { is_full: false, vehicle_id: "CAR1", groups: { doors } });
  await publish();
  expect(car()?.state.groups).toMatchObject({ battery, doors: { is_locked: true } });
  FakeStream.last.says("state", { ...FULL, groups: {} });
  await publish();
  expect(car()?.state.groups.battery).toBeNull();
});

test("what a car should have said again by now is old, also where nothing comes any more", async () => {
  const time = new Date(Date.now() - 10_000).toISOString();
  const firmware = { ...BATTERY, time, firmware: "3.3" };
  FakeStream.last.says("state", {
    ...FULL,
    groups: { battery: { ...BATTERY, time }, module: firmware },
  });
  await publish();
  expect(car()?.state.groups.battery?.is_stale).toBe(false);
  await vi.advanceTimersByTimeAsync(21 * 60_000);
  expect(car()?.state.groups.battery?.is_stale).toBe(true);
  expect(car()?.state.groups.module?.is_stale).toBe(false); // is said once
  const again = { ...BATTERY, time: new Date(Date.now()).toISOString() };
  FakeStream.last.says("state", { vehicle_id: "CAR1", groups: { battery: again } });
  await publish();
  expect(car()?.state.groups.battery?.is_stale).toBe(false);
});

test("cars come and go, and leave the list", async () => {
  FakeStream.last.says("state", FULL);
  FakeStream.last.says("presence", { vehicle_id: "CAR1", is_online: false });
  await publish();
  expect(car()?.presence).toEqual({ is_online: false, since: 1_700_000_000_000 });
  FakeStream.last.says("removed", { vehicle_id: "CAR1" });
  await publish();
  expect(car()).toBeUndefined();
});

test("who shows journeys is told whose have changed", async () => {
  const told = vi.fn();
  const stop = fleet.onJourneys(told);
  FakeStream.last.says("journeys", { vehicle_id: "CAR1", change: "ended" });
  stop();
  FakeStream.last.says("journeys", { vehicle_id: "CAR2", change: "ended" });
  expect(told.mock.calls).toEqual([["CAR1"]]);
});

test("what this device keeps of cars that the account may see no more is not shown, and goes", async () => {
  end();
  keepWho({ owner: "Bob", is_admin: false, means: "password" });
  for (const vehicle_id of ["CAR1", "SOLD", "NEW"]) {
    await writeState("Bob", { vehicle_id, groups: {} } as unknown as VehicleState);
  }
  end = fleet.subscribe(() => undefined);
  await publish();
  expect([...fleet.view().vehicles.keys()].sort()).toEqual(["CAR1", "NEW", "SOLD"]);
  FakeStream.last.says("state", { ...FULL, vehicle_id: "NEW" }); // a list may be older than that
  fleet.list(["CAR1"]);
  await publish();
  expect([...fleet.view().vehicles.keys()].sort()).toEqual(["CAR1", "NEW"]);
  FakeStream.last.says("removed", { vehicle_id: "CAR1" });
  await publish();
  expect((await readStates("Bob")).map(({ vehicle_id }) => vehicle_id)).toEqual(["NEW"]);
});

test("more vehicles than can be followed are left out, and that is told", async () => {
  for (let at = 0; at < 499; at += 1) {
    FakeStream.last.says("state", { ...FULL, vehicle_id: `CAR${at}` });
  }
  await publish();
  expect(fleet.view().is_full).toBe(false);
  for (const vehicle_id of ["LAST", "MORE"]) FakeStream.last.says("state", { ...FULL, vehicle_id });
  await publish();
  expect(fleet.view().is_full).toBe(true);
  expect(fleet.view().vehicles.has("LAST")).toBe(true);
  expect(fleet.view().vehicles.has("MORE")).toBe(false);
});

test("events that cannot be read are left out", async () => {
  FakeStream.last.says("state", "{");
  FakeStream.last.says("state", { groups: {} });
  FakeStream.last.says("state", FULL);
  await publish();
  expect([...fleet.view().vehicles.keys()]).toEqual(["CAR1"]);
});

test("alerts are bounded, and much that comes renders four times a second", async () => {
  renders = 0;
  for (let at = 0; at < 100; at += 1) {
    FakeStream.last.says("alert", { vehicle_id: "CAR1", kind: "alert", text: `${at}` });
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(renders).toBeLessThanOrEqual(5);
  await publish();
  expect(fleet.view().alerts).toHaveLength(50);
  expect(fleet.view().alerts[0]?.text).toBe("99");
});

test("a silent stream is dead; pings keep it", async () => {
  for (let at = 0; at < 6; at += 1) {
    await vi.advanceTimersByTimeAsync(15_000);
    FakeStream.last.says("ping", {});
  }
  expect(FakeStream.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(45_000 + 250);
  expect(FakeStream.all[0]?.isClosed).toBe(true);
  expect(fleet.view().connection.status).toBe("server_away");
  await vi.advanceTimersByTimeAsync(1500);
  expect(FakeStream.all).toHaveLength(2);
});

test.each([
  ["login_ended", "login_ended"],
  ["too_old", "server_away"],
  ["server_stops", "server_away"],
])("a stream that ends for %s", async (reason, status) => {
  FakeStream.last.says("end", { reason });
  await publish();
  expect(fleet.view().connection.status).toBe(status);
});

test.each([
  [401, "login_ended"],
  [503, "server_away"],
])("a stream that is refused while the session answers %i", async (code, status) => {
  const body = JSON.stringify({ error: { code: "x", message: "", details: [] } });
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(new Response(body, { status: code })));
  FakeStream.last.onerror?.();
  await publish();
  expect(fleet.view().connection.status).toBe(status);
});

test("nobody who looks, no stream", () => {
  end();
  expect(FakeStream.last.isClosed).toBe(true);
  end = () => undefined;
});
