import "fake-indexeddb/auto";
import { afterEach, expect, test, vi } from "vitest";
import type { VehicleState } from "../live/types";
import { addressProblem, isDeviceCar } from "./cars";
import { readAll, remove, write } from "./db";
import { keepPassword, onPassword, readPassword } from "./passwords";
import { forgetAccount, forgetVehicle, readState, readStates, writeState } from "./states";
import { keepWho } from "./who";

const state = (vehicle_id: string) => ({ vehicle_id, heard: null }) as unknown as VehicleState;

async function keepState(account: string, vehicle: string): Promise<void> {
  keepWho({ owner: account, is_admin: false, means: "password" });
  await writeState(account, state(vehicle));
}

afterEach(async () => {
  await forgetAccount("Bob");
  await forgetAccount("Alice");
});

test("the last state is kept by account", async () => {
  await keepState("Bob", "CAR1");
  await keepState("Bob", "CAR2");
  await keepState("Alice", "CAR1");
  expect(await readState("Bob", "CAR1")).toEqual(state("CAR1"));
  expect(await readState("Bob", "CAR3")).toBeUndefined();
  expect(await readStates("Bob")).toHaveLength(2);
});

test("a log-out forgets the account's states and passwords, and nobody else's", async () => {
  await keepState("Bob", "CAR1");
  await keepPassword("Bob", "CAR1", "secret");
  await keepState("Alice", "CAR1");
  await write({ name: "away" }, "car", "~x");
  await forgetAccount("Bob");
  expect(await readStates("Bob")).toEqual([]);
  expect(await readPassword("Bob", "CAR1")).toBeUndefined();
  expect(await readStates("Alice")).toHaveLength(1);
  expect(await readAll("car")).toHaveLength(1);
  await remove("car", "~x");
});

test("a page that ends after its account has logged out leaves no state", async () => {
  await keepState("Bob", "CAR1");
  keepWho(null);
  await forgetAccount("Bob");
  await writeState("Bob", state("CAR1"));
  keepWho({ owner: "Alice", is_admin: false, means: "password" });
  await writeState("Bob", state("CAR1"));
  expect(await readStates("Bob")).toEqual([]);
});

test("of a vehicle that is gone everything is forgotten, and of others nothing", async () => {
  await keepState("Bob", "CAR1");
  await keepPassword("Bob", "CAR1", "secret");
  await keepState("Bob", "CAR2");
  await forgetVehicle("Bob", "CAR1");
  expect(await readStates("Bob")).toEqual([state("CAR2")]);
  expect(await readPassword("Bob", "CAR1")).toBeUndefined();
});

test("a page that ends after its car of another server was forgotten leaves no state", async () => {
  await write({ name: "away" }, "car", "~x");
  await keepState("Bob", "~x");
  expect(await readState("Bob", "~x")).toEqual(state("~x"));
  await remove("car", "~x");
  await forgetVehicle("Bob", "~x");
  await keepState("Bob", "~x");
  expect(await readState("Bob", "~x")).toBeUndefined();
});

test("what a password has opened is forgotten with it", async () => {
  await keepPassword("Bob", "CAR1", "secret");
  await keepState("Bob", "CAR1");
  await keepPassword("Bob", "CAR1", null);
  expect(await readState("Bob", "CAR1")).toBeUndefined();
});

test("open pages are told of a password", async () => {
  const told = vi.fn();
  const end = onPassword(told);
  await keepPassword("Bob", "CAR1", "secret");
  await keepPassword("Bob", "CAR1", null);
  end();
  await keepPassword("Bob", "CAR1", "other");
  expect(told.mock.calls).toEqual([
    ["Bob", "CAR1"],
    ["Bob", "CAR1"],
  ]);
});

test.each([
  ["wss://host:6870/apiv2", true, null],
  ["ws://host:6867/apiv2", false, null],
  ["ws://host:6867/apiv2", true, "needs_wss"],
  ["https://host/apiv2", false, "no_address"],
  ["host:6870", true, "no_address"],
  ["", true, "no_address"],
])("the address %s of another server", (address, isSecure, problem) => {
  expect(addressProblem(address, isSecure)).toBe(problem);
});

test("cars of other servers are told by their id", () => {
  expect([isDeviceCar("~ab12"), isDeviceCar("CAR1")]).toEqual([true, false]);
});
