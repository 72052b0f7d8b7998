import { expect, test } from "vitest";
import type { ConnectionAnswer } from "../../data/connection";
import type { RefusedCallAnswer } from "../../data/moduleSetup";
import { findingsOf, knownReason } from "./findings";

const FAILURE = {
  time: "2026-11-27T12:00:00.000Z",
  first: "2026-11-27T11:00:00.000Z",
  address: "10.0.0.7",
  reason: "wrong_secret",
  message: "The password is wrong",
  count: 3,
};

const AWAY: ConnectionAnswer = {
  vehicle_id: "CAR1",
  is_online: false,
  is_elsewhere: false,
  since: null,
  heard: null,
  transport: null,
  address: null,
  apps: 0,
  last_failure: FAILURE,
};

const call = (changes: Partial<RefusedCallAnswer>): RefusedCallAnswer => ({
  ...FAILURE,
  reason: "refused",
  vehicle_id: "DEMO1",
  ...changes,
});

test("nothing was seen", () => {
  expect(findingsOf("CAR1", undefined)).toEqual([]);
  expect(findingsOf("CAR1", { ...AWAY, last_failure: null })).toEqual([]);
});

test("the newest comes first, and says whether it had the right id", () => {
  const later = call({ time: "2026-11-27T12:00:09.000Z" });
  const found = findingsOf("CAR1", AWAY, [later]);
  expect(found.map(({ vehicleId, isOwnId }) => [vehicleId, isOwnId])).toEqual([
    ["DEMO1", false],
    ["CAR1", true],
  ]);
});

test("a wrong secret that the server has noted twice is shown once", () => {
  const found = findingsOf("CAR1", AWAY, [call({ vehicle_id: "car1" })]);
  expect(found.map(({ reason }) => reason)).toEqual(["wrong_secret"]);
});

test("the same id from another address is another caller", () => {
  const found = findingsOf("CAR1", AWAY, [call({ vehicle_id: "CAR1", address: "10.0.0.8" })]);
  expect(found).toHaveLength(2);
});

test("a reason without words is told in the server's", () => {
  expect(knownReason("no_tls")).toBe("no_tls");
  expect(knownReason("struck_by_lightning")).toBeNull();
});
