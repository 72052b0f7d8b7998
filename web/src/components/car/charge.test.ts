import { describe, expect, it } from "vitest";
import { chargeOf, endOf } from "./charge";
import { groupsOf, NOW } from "./groups.fixture";

describe("a charge", () => {
  it("ends at the nearest of its ends", () => {
    const { charge } = groupsOf({
      charge: { is_charging: true, soc_limit: 80, time_to_soc_limit: 600, time_to_full: 1800 },
    });
    expect(charge && endOf(charge)).toEqual({ kind: "soc", soc: 80, at: NOW + 600_000 });
  });

  it("has no end that the car does not say; 0 is none", () => {
    const { charge } = groupsOf({
      charge: { soc_limit: 0, time_to_soc_limit: 60, time_to_full: 0 },
    });
    expect(charge && endOf(charge)).toBeNull();
  });

  it("waits for its timer, today or tomorrow", () => {
    const start = (timer_start: number) =>
      chargeOf(
        groupsOf({ doors: { is_plugged_in: true }, charge: { is_timed: true, timer_start } }),
        NOW,
      );
    expect(start(13 * 3600)).toEqual({ kind: "timed", start: NOW + 3_600_000 });
    expect(start(11 * 3600)).toEqual({ kind: "timed", start: NOW + 23 * 3_600_000 });
  });

  it("is unknown where nothing is known of it", () => {
    expect(chargeOf(groupsOf({}), NOW).kind).toBe("unknown");
    expect(chargeOf(groupsOf({ charge: {} }), NOW).kind).toBe("unknown");
    const unplugged = { charge: { state: "done" }, doors: { is_plugged_in: false } };
    expect(chargeOf(groupsOf(unplugged), NOW).kind).toBe("unplugged");
  });
});
