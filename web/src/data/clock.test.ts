import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { get } from "./api";
import { noteServerTime, serverTime } from "./clock";

const TIME = Date.parse("2026-11-27T12:00:00.400Z");
const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: TIME }));
afterEach(() => {
  vi.setSystemTime(TIME);
  noteServerTime(new Date(TIME).toUTCString(), TIME);
  vi.useRealTimers();
});

/** Have the server answer a call, by its own clock and after a while. */
async function answer(time: number, delay = 0): Promise<void> {
  const headers = { date: new Date(time).toUTCString() };
  vi.stubGlobal("fetch", async () => {
    await vi.advanceTimersByTimeAsync(delay);
    return new Response("{}", { headers });
  });
  await get("/web");
}

test.each([3, -3, 24 * 365])("a device's clock is %i hours ahead", async (hours) => {
  await answer(TIME - hours * HOUR);
  expect(Math.abs(serverTime() - (TIME - hours * HOUR))).toBeLessThan(1000);
  vi.advanceTimersByTime(10_000);
  expect(Math.abs(serverTime() - (TIME - hours * HOUR + 10_000))).toBeLessThan(1000);
});

test("a clock that is right is left alone, also where answers come late", async () => {
  await answer(TIME - 3000);
  expect(serverTime()).toBe(TIME);
  await answer(TIME, 60_000); // nobody knows when in that minute it was said
  expect(serverTime()).toBe(Date.now());
});

test("a clock that is set right in between is noticed", async () => {
  vi.setSystemTime(TIME + 3 * HOUR);
  await answer(TIME);
  vi.setSystemTime(TIME);
  await answer(TIME);
  expect(serverTime()).toBe(TIME);
});

test("an answer without a time says nothing", async () => {
  vi.stubGlobal("fetch", async () => new Response("{}"));
  await get("/web");
  noteServerTime("soon", TIME);
  expect(serverTime()).toBe(TIME);
});
