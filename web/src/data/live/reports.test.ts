import { expect, test } from "vitest";
import { type Message, messageOf } from "../../protocol/messages";
import { Sealer } from "../../protocol/paranoid";
import type { StateAnswer } from "../api-types";
import { Reports } from "./reports";

const NOW = 1_700_000_000;
const STATUS = messageOf("S", "80,K,220,13,done,range,241,214,13,30,180,31,16,5,-1,1,1,67,0");
const PIC = messageOf("F", "3.1.4/TR2.0/V2/x,VIN,5,1,TR,net");
const TOKEN = "abcdefghijklmnopqrstuv";
const sealer = Sealer.make("secret", TOKEN);

function after(password: string | null, ...messages: Message[]): Reports {
  const reports = new Reports(password);
  for (const message of [messageOf("E", `T${TOKEN}`), ...messages]) reports.receive(message, NOW);
  return reports;
}

const soc = (reports: Reports) => reports.state("CAR1", NOW, true)?.groups.battery?.soc;

test("a sealed car is opened by the password of this device", () => {
  const reports = after("secret", sealer.seal(STATUS));
  expect(soc(reports)).toBe(80);
  expect(reports.sealing).toBe("unlocked");
  expect(reports.state("CAR1", NOW, true)?.is_paranoid).toBe(true);
});

test("without the password, or with a wrong one, it says so and shows nothing", () => {
  const locked = after(null, sealer.seal(STATUS));
  expect([locked.sealing, soc(locked)]).toEqual(["locked", undefined]);
  const wrong = after("another", sealer.seal(STATUS));
  expect([wrong.sealing, soc(wrong)]).toEqual(["wrong_password", undefined]);
});

test("a password that is entered opens what has come already, and one that is forgotten hides it", () => {
  const reports = after(null, sealer.seal(STATUS));
  reports.setPassword("secret");
  expect([reports.sealing, soc(reports)]).toEqual(["unlocked", 80]);
  reports.setPassword(null);
  expect([reports.sealing, soc(reports)]).toEqual(["locked", undefined]);
});

test("a new token voids what was said before", () => {
  const reports = after("secret", sealer.seal(STATUS));
  reports.receive(messageOf("E", "Tzyxwvutsrqponmlkjihgfe"), NOW);
  expect(reports.state("CAR1", NOW, true)).toBeNull();
});

test("commands go sealed to a module that opens them, and plain to the others", () => {
  const command = messageOf("C", "20,1234");
  const pic = after("secret", sealer.seal(PIC));
  expect(pic.sealsCommands).toBe(true);
  expect(pic.seal(command)).toEqual(sealer.seal(command));
  const esp32 = after("secret", sealer.seal(STATUS));
  expect(esp32.sealsCommands).toBe(false);
  expect(esp32.seal(command)).toBe(command);
});

test("what the server had stored has the time that the API knows, or else the newest's", () => {
  const reports = new Reports(null);
  reports.receive(STATUS, NOW);
  reports.receive(PIC, NOW);
  const battery = { time: "2023-11-14T20:00:00.000Z" };
  const groups = { battery } as unknown as StateAnswer["groups"];
  reports.date(NOW - 60, { groups, hidden: ["location", "what?"] } as unknown as StateAnswer);
  const state = reports.state("CAR1", NOW, true);
  expect(state?.groups.battery).toMatchObject({ time: battery.time, is_stale: true });
  expect(state?.groups.module?.time).toBe("2023-11-14T22:12:20.000Z");
  expect(state?.heard).toBe("2023-11-14T22:12:20.000Z");
  expect(state?.hidden).toEqual(["location"]);
});

test("messages of which no group is made are not kept", () => {
  const reports = new Reports(null);
  for (let at = 0; at < 26; at += 1) {
    reports.receive(messageOf(String.fromCharCode(0x61 + at), "x"), NOW);
  }
  expect(reports.state("CAR1", NOW, true)).toBeNull();
});
