import { expect, test } from "vitest";
import { daysIn, recordsIn, typesIn } from "./otherHistory";

test("the types of records that another server has", () => {
  const row = ["1", "*-LOG-Trip", "1", "12", "3456", "2026-11-01 08:00:00", "2026-11-02 09:30:00"];
  expect(typesIn([row, ["2", "X", "1", "many", "1", "2026-11-01 08:00:00", "?"]])).toEqual([
    {
      type: "*-LOG-Trip",
      records: 12,
      bytes: 3456,
      first: "2026-11-01T08:00:00.000Z",
      last: "2026-11-02T09:30:00.000Z",
    },
  ]);
});

test("the records of another server, whose data have commas", () => {
  const row = ["1", "*-LOG-Trip", "2026-11-01 08:00:00", "3", "1.5", "", "km"];
  expect(recordsIn([row, ["2", "*-LOG-Trip", "never", "3", "x"], ["3"]])).toEqual([
    { time: "2026-11-01T08:00:00.000Z", number: 3, data: "1.5,,km" },
  ]);
});

test("the data use that another server has counted; what is not counted is no 0", () => {
  expect(
    daysIn([
      ["1", "2026-11-01", "1", "2", "3", "4"],
      ["2", "2026-11-02", "1", "", "3", "4"],
    ]),
  ).toEqual([{ day: "2026-11-01", car_received: 1, car_sent: 2, apps_received: 3, apps_sent: 4 }]);
});
