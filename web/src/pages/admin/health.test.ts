import { expect, test } from "vitest";
import type { ServerAnswer } from "../../data/server";
import { concernsOf, isWell, sumOf } from "./health";

const WELL: ServerAnswer = {
  version: "0.1",
  since: "2026-11-27T02:30:00.000Z",
  is_stopping: false,
  troubles: [],
  vehicles: 3,
  cars_online: 2,
  connections: { car: 2, app: 1 },
  streams: 1,
  received_a_second: 0.5,
  sent_a_second: 0.1,
  waiting: { rows: 0 },
  storage: { database: 1000, log: 0, free: 50_000_000_000, records: 12 },
  outbox: {},
  deliveries_failed: 0,
  logins_failed: 2,
  refused: {},
  certificates: [{ name: "default", days: 80 }],
  backup: { hours: 24, last: "2026-11-27T03:00:00.000Z", bytes: 1000, is_failing: false },
};

test("a server without concerns is well", () => {
  expect(isWell(WELL)).toBe(true);
});

test.each<[Partial<ServerAnswer>, string]>([
  [{ is_stopping: true }, "stopping"],
  [{ vehicles: null }, "database"],
  [{ storage: null }, "database"],
  [{ storage: { database: 1, log: 0, free: 10_000, records: 1 } }, "disk"],
  [{ certificates: [{ name: "default", days: -1 }] }, "certificate"],
  [{ logins_failed: 21 }, "logins"],
  [{ deliveries_failed: 1 }, "deliveries"],
])("with %j the concern is %s", (change, concern) => {
  const server = { ...WELL, ...change };
  expect(concernsOf(server)).toEqual([concern]);
  expect(isWell(server)).toBe(false);
});

test("a trouble that the server names is enough", () => {
  expect(isWell({ ...WELL, troubles: ["The disk is nearly full"] })).toBe(false);
});

test("counts are summed up, and unknown ones are unknown", () => {
  expect(sumOf({ car: 2, app: 1 })).toBe(3);
  expect(sumOf({})).toBe(0);
  expect(sumOf(null)).toBeNull();
});
