import { expect, it } from "vitest";
import type { ConnectionStatus } from "../../data/live/types";
import { NOW, viewOf } from "./groups.fixture";
import { presenceOf } from "./presence";

const connection = (status: ConnectionStatus) => ({ status, since: NOW, retry_at: null });

it("says first what is wrong with the page's own connection", () => {
  const kinds = (
    ["offline", "server_away", "blocked", "login_ended", "refused", "paused"] as const
  ).map((status) => presenceOf(viewOf({ connection: connection(status) })).kind);
  expect(kinds).toEqual(["noNetwork", "serverAway", "blocked", "loginEnded", "refused", "paused"]);
});

it("calls a car asleep since it was parked, which is no error", () => {
  const words = presenceOf(viewOf({}, { driving: { is_awake: false, parking_time: 3600 } }));
  expect(words).toEqual({ kind: "asleep", tone: "quiet", since: NOW - 3_600_000 });
});

it("tells a car that is away from a server that is", () => {
  const gone = { is_online: false, since: null };
  expect(presenceOf(viewOf({ presence: gone }))).toMatchObject({ kind: "away", since: NOW });
  expect(presenceOf(viewOf({ presence: gone, state: null })).kind).toBe("neverHeard");
});

it("says what a car does that is there", () => {
  expect(presenceOf(viewOf({}, { driving: { is_on: true } })).kind).toBe("driving");
  expect(presenceOf(viewOf({}, { charge: { is_charging: true } })).kind).toBe("charging");
  expect(presenceOf(viewOf({})).kind).toBe("online");
  expect(presenceOf(viewOf({ presence: { is_online: null, since: null } })).kind).toBe(
    "connecting",
  );
});
