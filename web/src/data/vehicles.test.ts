import "fake-indexeddb/auto";
import { afterEach, expect, test, vi } from "vitest";
import { makeQueryClient } from "./client";
import { forgetAccount } from "./device/states";
import { readVehicles } from "./device/vehicles";
import { keepWho } from "./device/who";
import { vehiclesQuery } from "./vehicles";

const CARS = [{ id: "CAR1", name: "Roadster" }];

const logIn = (owner: string) => keepWho({ owner, is_admin: false, means: "password" });
const says = (cars: unknown, status = 200) =>
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(cars), { status }));
const isAway = () => vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));

/** Ask as a page that is opened anew; return what it shows, and whether it will ask again. */
async function ask() {
  const client = makeQueryClient();
  await client.prefetchQuery({ ...vehiclesQuery, retry: false });
  const { data, status } = client.getQueryState(vehiclesQuery.queryKey) ?? {};
  return { data, status };
}

afterEach(async () => {
  keepWho(null);
  await forgetAccount("Bob");
  vi.unstubAllGlobals();
});

test("while the server is away, the vehicles are those that it told last", async () => {
  logIn("Bob");
  says(CARS);
  expect(await ask()).toEqual({ data: CARS, status: "success" });
  isAway();
  expect(await ask()).toEqual({ data: CARS, status: "error" });
  says([]);
  expect(await ask()).toEqual({ data: [], status: "success" });
  isAway();
  expect(await ask()).toEqual({ data: [], status: "error" });
});

test("a server that is there, and refuses, is believed", async () => {
  logIn("Bob");
  says(CARS);
  await ask();
  says({}, 403);
  expect(await ask()).toEqual({ data: undefined, status: "error" });
});

test("a log-out leaves no vehicles, nor does an answer that comes after it", async () => {
  logIn("Bob");
  says(CARS);
  await ask();
  await forgetAccount("Bob");
  isAway();
  expect((await ask()).data).toBeUndefined();
  vi.stubGlobal("fetch", async () => {
    keepWho(null);
    return new Response(JSON.stringify(CARS));
  });
  await ask();
  logIn("Bob");
  expect(await readVehicles()).toBeUndefined();
});

test("nobody sees the vehicles of another account", async () => {
  logIn("Bob");
  says(CARS);
  await ask();
  logIn("Alice");
  isAway();
  expect((await ask()).data).toBeUndefined();
});
