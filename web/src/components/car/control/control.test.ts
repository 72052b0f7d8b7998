import { describe, expect, it } from "vitest";
import type { CommandRun } from "../../../data/live/types";
import { commandMessage } from "../../../protocol/commands";
import { groupsOf, NOW } from "../groups.fixture";
import { obstacleTo, obstacleToAll } from "./availability";
import { controlOf, findControl, SECTIONS } from "./controls";
import { pressed } from "./pinPad";
import { isUnderWay, progressOf } from "./progress";

const OWNER = { isOwner: true, rights: [] };

describe("a button", () => {
  it("sends a command that the table knows, with parameters that it takes", () => {
    const sent = Object.values(SECTIONS)
      .flat()
      .map((key) => {
        const { command, parameters } = controlOf(key);
        const line = commandMessage(command, parameters);
        return "message" in line
          ? `${key}: ${new TextDecoder().decode(line.message.data)}`
          : `${key}: wrong`;
      });
    expect(sent).toEqual([
      "lock: 20",
      "unlock: 22",
      "valet: 21",
      "unvalet: 23",
      "chargeStart: 11",
      "chargeStop: 12",
      "climateOn: 26,1",
      "climateOff: 26,0",
      "cooldown: 25",
      "wakeup: 18",
      "homelink1: 24,0",
      "homelink2: 24,1",
      "homelink3: 24,2",
      "reboot: 5",
    ]);
  });

  it("is found by the name in an address", () => {
    expect(findControl("lock")?.command).toBe("lock");
    expect(findControl("look")).toBeNull();
    expect(findControl(null)).toBeNull();
  });
});

describe("a command cannot be sent", () => {
  it("without its right, and to nobody's module but one's own", () => {
    const shared = { isOwner: false, rights: ["view", "command"] };
    expect(obstacleTo("wakeup", ["command"], shared, null, null)).toBeNull();
    expect(obstacleTo("lock", ["pin"], shared, null, null)).toBe("noRight");
    expect(obstacleTo("shell", ["owner"], { ...shared, rights: ["owner"] }, null, null)).toBe(
      "noRight",
    );
    expect(obstacleTo("shell", ["owner"], OWNER, null, null)).toBeNull();
  });

  it("to a car that says it does not take it", () => {
    const groups = groupsOf({ capabilities: { commands: [{ first: 10, last: 18 }] } });
    expect(obstacleTo("charge-start", ["command"], OWNER, groups, null)).toBeNull();
    expect(obstacleTo("climate", ["command"], OWNER, groups, null)).toBe("unsupported");
    expect(obstacleTo("reboot", ["command"], OWNER, groups, null)).toBeNull();
    expect(obstacleTo("climate", ["command"], OWNER, groupsOf({}), null)).toBeNull();
  });

  it("for a reason that holds for all, which is said once", () => {
    const shared = { isOwner: false, rights: ["view"] };
    expect(obstacleToAll(shared, null)).toBe("noRight");
    expect(obstacleToAll({ ...shared, rights: ["view", "command"] }, null)).toBeNull();
    expect(obstacleToAll(OWNER, "car_away")).toBe("car_away");
  });

  it("to a car that is away", () => {
    expect(obstacleTo("lock", ["pin"], OWNER, null, "car_away")).toBe("car_away");
  });
});

function runOf(given: Partial<CommandRun>): CommandRun {
  return {
    id: 1,
    name: "lock",
    parameters: {},
    status: "sent",
    failure: null,
    problems: [],
    text: "",
    rows: [],
    began: NOW,
    ended: null,
    ...given,
  };
}

describe("a command's progress", () => {
  const lock = controlOf("lock");
  const open = groupsOf({ doors: { is_locked: false } });
  const locked = groupsOf({ doors: { is_locked: true } });

  it("is sent until the car says yes, and done only when the car reports it", () => {
    const done = runOf({ status: "done", ended: NOW });
    expect(progressOf(lock, [runOf({})], open, NOW)?.step).toBe("sent");
    expect(progressOf(lock, [done], open, NOW)?.step).toBe("taken");
    expect(progressOf(lock, [done], locked, NOW)?.step).toBe("done");
  });

  it("is done without a report where the car reports nothing of the kind", () => {
    const run = runOf({ name: "reboot", status: "done", ended: NOW });
    expect(progressOf(controlOf("reboot"), [run], open, NOW)?.step).toBe("done");
    expect(progressOf(lock, [runOf({ status: "done" })], groupsOf({}), NOW)?.step).toBe("done");
  });

  it("stays when it failed, and goes after a while when it went well", () => {
    const later = NOW + 600_000;
    const run = runOf({ status: "done", ended: NOW });
    expect(progressOf(lock, [run], locked, later)).toBeNull();
    expect(progressOf(lock, [{ ...run, status: "failed" }], locked, later)?.step).toBe("failed");
  });

  it("is that of the same button", () => {
    const run = runOf({ name: "homelink", parameters: { button: "1" } });
    expect(progressOf(controlOf("homelink1"), [run], open, NOW)).toBeNull();
    expect(isUnderWay(progressOf(controlOf("homelink2"), [run], open, NOW))).toBe(true);
  });
});

it("takes digits into a PIN, eight at most, and takes them back", () => {
  expect([..."12a3"].reduce(pressed, "")).toBe("123");
  expect([..."1234567890"].reduce(pressed, "")).toBe("12345678");
  expect(pressed("12", "delete")).toBe("1");
  expect(pressed("12", "Backspace")).toBe("1");
});
