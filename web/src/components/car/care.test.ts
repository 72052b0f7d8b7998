import { describe, expect, it } from "vitest";
import { careOf } from "./care";
import { groupsOf } from "./groups.fixture";

const ONLINE = { is_online: true, since: null };
const kinds = (given: Parameters<typeof groupsOf>[0]) =>
  careOf(groupsOf(given), ONLINE).map(({ kind }) => kind);

describe("what needs care", () => {
  it("is nothing of a car of which nothing is known", () => {
    expect(kinds({})).toEqual([]);
    expect(kinds({ doors: {}, auxiliary: {}, battery: {}, tyres: { wheels: [] } })).toEqual([]);
  });

  it("names each door that is open, and lids", () => {
    const doors = { is_front_left_open: true, is_rear_right_open: true, is_frunk_open: true };
    const [first, second] = careOf(groupsOf({ doors }), ONLINE);
    expect(first).toMatchObject({ kind: "doorsOpen", doors: ["front_left", "rear_right"] });
    expect(second).toMatchObject({ kind: "bonnetOpen" });
  });

  it("begins with the alarm", () => {
    expect(kinds({ doors: { is_trunk_open: true, is_alarm_on: true } })[0]).toBe("alarm");
  });

  it("says that a parked car is not locked only after a while", () => {
    const doors = { is_locked: false };
    expect(kinds({ doors, driving: { is_on: false, parking_time: 20 } })).toEqual([]);
    expect(kinds({ doors, driving: { is_on: false, parking_time: 900 } })).toEqual(["unlocked"]);
    expect(kinds({ doors, driving: { is_on: true, parking_time: 900 } })).toEqual([]);
  });

  it("judges the 12 V battery at rest only", () => {
    expect(kinds({ auxiliary: { voltage: 11.5 } })).toEqual(["auxiliaryLow"]);
    expect(kinds({ auxiliary: { voltage: 11.9, voltage_reference: 12.9 } })).toEqual([
      "auxiliaryLow",
    ]);
    expect(kinds({ auxiliary: { voltage: 11.5, is_charging: true } })).toEqual([]);
    expect(kinds({ auxiliary: { voltage: 12.6, voltage_reference: 12.7 } })).toEqual([]);
  });

  it("names a tyre, more pressing the worse it is", () => {
    const wheel = { pressure: 180, temperature: null, health: null };
    const wheels = [
      { ...wheel, name: "FL", alert: "warning" },
      { ...wheel, name: "RR", alert: "alert" },
      { ...wheel, name: "FR", alert: "none" },
    ];
    expect(careOf(groupsOf({ tyres: { wheels } }), ONLINE)).toMatchObject([
      { wheel: "RR", level: "alarm" },
      { wheel: "FL", level: "warning" },
    ]);
  });

  it("says that little charge is left unless it is charged", () => {
    expect(kinds({ battery: { soc: 8 } })).toEqual(["batteryLow"]);
    expect(kinds({ battery: { soc: 8 }, charge: { is_charging: true } })).toEqual([]);
  });

  it("marks what is old, and says that a connected car is silent", () => {
    const groups = groupsOf({
      doors: { is_trunk_open: true, is_stale: true },
      driving: { is_stale: true },
    });
    expect(careOf(groups, ONLINE)).toMatchObject([
      { kind: "trunkOpen", isOld: true },
      { kind: "silent" },
    ]);
    expect(careOf(groups, { is_online: false, since: null })).toHaveLength(1);
  });
});
