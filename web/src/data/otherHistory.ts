// What another server keeps of a car, and tells by the protocol: commands 30, 31 and 32.

import { useQuery } from "@tanstack/react-query";
import type { DayUse, RecordAnswer, TypeAnswer } from "./api-types";
import type { CommandDesk, CommandRun } from "./live/types";
import { vehicleKey } from "./queries";

export type OtherRecord = Pick<RecordAnswer, "time" | "number" | "data">;
export type OtherType = Pick<TypeAnswer, "type" | "records" | "bytes" | "first" | "last">;

type Row = CommandRun["rows"][number];

/** A question that the server has not answered; the run says why. */
export class NotAnswered extends Error {
  constructor(readonly run: CommandRun) {
    super("the server did not answer");
  }
}

/** Return the types of records that there are, with how many of each. */
export function useOtherTypes(vehicle: string, desk: CommandDesk) {
  return useRows(vehicle, desk, ["history-summary", {}], typesIn);
}

/** Return the records of a type since a day (`2026-11-27`), the oldest first. */
export function useOtherRecords(vehicle: string, desk: CommandDesk, type: string, since: string) {
  return useRows(vehicle, desk, ["history", { type, since }], recordsIn);
}

/** Return what car and apps have sent and received on each day. */
export function useOtherDataUse(vehicle: string, desk: CommandDesk) {
  return useRows(vehicle, desk, ["utilisation", {}], daysIn);
}

function useRows<T>(
  vehicle: string,
  desk: CommandDesk,
  [name, parameters]: [string, Record<string, string>],
  read: (rows: readonly Row[]) => T,
) {
  return useQuery({
    queryKey: vehicleKey(vehicle, name, parameters),
    queryFn: async () => {
      const run = await desk.run(name, parameters);
      if (run.status !== "done") throw new NotAnswered(run);
      return read(run.rows);
    },
    enabled: desk.blocked !== "not_connected",
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/**
 * Read the rows of command 31: a type each, how many numbers, records and bytes, from when to when.
 * Rows that cannot be read are left out, here and below.
 */
export function typesIn(rows: readonly Row[]): OtherType[] {
  return rows.flatMap(([, type = "", , ...rest]) => {
    const [records, bytes] = countsIn(rest, 2);
    const [first, last] = [timeOf(rest[2]), timeOf(rest[3])];
    if (records === undefined || bytes === undefined || first === null || last === null) return [];
    return [{ type, records, bytes, first, last }];
  });
}

/** Read the rows of command 32: type, time, number, and the data with their commas. */
export function recordsIn(rows: readonly Row[]): OtherRecord[] {
  return rows.flatMap(([, , made, ...rest]) => {
    const time = timeOf(made);
    const [number] = countsIn(rest, 1);
    if (time === null || number === undefined) return [];
    return [{ time, number, data: rest.slice(1).join(",") }];
  });
}

/** Read the rows of command 30: a day each, with the bytes of the car and of its apps. */
export function daysIn(rows: readonly Row[]): DayUse[] {
  return rows.flatMap(([, day = "", ...sums]) => {
    const [car_received, car_sent, apps_received, apps_sent] = countsIn(sums, 4);
    if (timeOf(day) === null || car_received === undefined || car_sent === undefined) return [];
    if (apps_received === undefined || apps_sent === undefined) return [];
    return [{ day: day.slice(0, 10), car_received, car_sent, apps_received, apps_sent }];
  });
}

/** Return the first so many numbers, none if one of them is none. */
function countsIn(texts: readonly string[], many: number): number[] {
  const counts = texts
    .slice(0, many)
    .map((text) => (text.trim() === "" ? Number.NaN : Number(text)));
  return counts.length === many && counts.every(Number.isFinite) ? counts : [];
}

/** Return a time of the protocol, which is UTC, as ISO 8601; null if it is none. */
function timeOf(text = ""): string | null {
  const said = text.trim();
  const time = Date.parse(said.length > 10 ? `${said.replace(" ", "T")}Z` : said);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
