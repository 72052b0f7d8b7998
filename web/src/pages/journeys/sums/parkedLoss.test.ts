import { expect, test } from "vitest";
import type { ParkedFacts } from "../../../data/api-types";
import { lossOf } from "./parkedLoss";

const stay = (hours: number, soc: number | null, range: number | null = null) => ({
  parked: { idle_time: hours * 3600, soc_lost: soc, range_lost: range } as ParkedFacts,
});

test("the loss a day is over all idle time, and short stays say nothing", () => {
  expect(lossOf([stay(48, 2, 5), stay(24, 1), stay(1, 3)])).toEqual({
    soc_a_day: 1,
    range_a_day: 2.5,
    idle_time: 72 * 3600,
    count: 2,
  });
});

test("without stays the loss is unknown, not nothing", () => {
  expect(lossOf([{ parked: null }])).toMatchObject({
    soc_a_day: null,
    range_a_day: null,
    count: 0,
  });
});
