import { describe, expect, it } from "vitest";
import type { Group, ListedVehicle, LiveVehicleView, VehicleState } from "../../data/live/types";
import { type Known, knownOf, whereaboutsListed, whereaboutsOf, windOf } from "./whereabouts";

const LOCATION: Group<"location"> = {
  time: "2026-11-27T12:00:00Z",
  is_stale: false,
  old: [],
  latitude: 50,
  longitude: 7,
  direction: 90,
  altitude: 120,
  speed: 50,
  has_fix: true,
  satellites: 9,
  hdop: 1.2,
  quality: null,
  gps_speed: null,
  gps_mode: null,
};

const known = (changes: Partial<Group<"location">>) => knownOf({ ...LOCATION, ...changes });

describe("knownOf", () => {
  it("is where the car says it is, and about how far off", () => {
    expect(knownOf(LOCATION)).toMatchObject({ position: [7, 50], isOld: false, accuracy: 6 });
  });

  it("is nothing before the car has told it", () => {
    expect(knownOf(null)).toBe("never");
    expect(known({ latitude: null })).toBe("never");
  });

  it("is old without a lock, and none where a module has never had one", () => {
    expect(known({ has_fix: false })).toMatchObject({ isLocked: false, isOld: true });
    expect(known({ has_fix: false, latitude: 0, longitude: 0 })).toBe("noLock");
    expect(known({ latitude: 0, longitude: 0 })).toMatchObject({ position: [0, 0] });
  });

  it("is old if it is stale, and trusts a receiver that tells no lock at all", () => {
    expect(known({ is_stale: true })).toMatchObject({ isLocked: true, isOld: true });
    expect((known({ has_fix: null }) as Known).isOld).toBe(false);
    expect((known({ hdop: 0 }) as Known).accuracy).toBeNull();
  });
});

describe("whereaboutsOf", () => {
  const view = (changes: Partial<LiveVehicleView>, hidden: VehicleState["hidden"] = []) => {
    const state = { hidden, groups: { location: LOCATION } } as unknown as VehicleState;
    const connection = { status: "open", since: 0, retry_at: null };
    return { state, sealing: "open", connection, ...changes } as LiveVehicleView;
  };

  it("says why a position is hidden", () => {
    expect(whereaboutsOf(view({}, ["location"]))).toBe("hidden");
    expect(whereaboutsOf(view({ sealing: "locked" }))).toBe("locked");
    expect(whereaboutsOf(view({ sealing: "wrong_password" }))).toBe("wrongPassword");
    expect(whereaboutsOf(view({ state: null, is_told: true }))).toBe("never");
    const connection = { status: "connecting", since: 0, retry_at: null } as const;
    expect(whereaboutsOf(view({ state: null, connection }))).toBe("connecting");
    const away = { ...connection, status: "server_away" } as const;
    expect(whereaboutsOf(view({ state: null, connection: away }))).toBe("notTold");
  });

  it("shows what this device has opened", () => {
    expect(whereaboutsOf(view({ sealing: "unlocked" }))).toMatchObject({ position: [7, 50] });
  });
});

describe("whereaboutsListed", () => {
  const listed = (changes: Partial<VehicleState>) =>
    ({
      state: { hidden: [], groups: { location: LOCATION }, ...changes },
    }) as unknown as ListedVehicle;
  const groups = { location: null } as unknown as VehicleState["groups"];

  it("knows a car of a list, or says why not", () => {
    expect(whereaboutsListed(listed({}))).toMatchObject({ position: [7, 50] });
    expect(whereaboutsListed(undefined)).toBe("connecting");
    expect(whereaboutsListed(listed({ hidden: ["location"] }))).toBe("hidden");
    expect(whereaboutsListed(listed({ groups, is_paranoid: true }))).toBe("locked");
    expect(whereaboutsListed(listed({ groups }))).toBe("never");
  });
});

describe("windOf", () => {
  it("names the nearest of eight directions", () => {
    expect([0, 22, 23, 180, 315, 359, -90, 720].map(windOf)).toEqual(["n", "n", "ne", "s", "nw", "n", "w", "n"]); // biome-ignore format: a table
  });
});
