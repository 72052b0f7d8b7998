// What the server keeps of what a vehicle has sent.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { addressOf } from "./api";
import type { QueryOf } from "./calls";
import { pagesOf, queryOf, useVehicleChange, vehicleKey } from "./queries";

export type { RecordAnswer, RecordPage, TypeAnswer } from "./api-types";

const RECORDS = "GET /vehicles/{vehicle_id}/history/records";

/** Which records: their type, a span, a number, the order. */
export type RecordFilter = Omit<QueryOf<typeof RECORDS>, "after" | "format">;

/** Return the types of records that there are, with how many of each. */
export function useRecordTypes(
  vehicle: string,
  span: QueryOf<"GET /vehicles/{vehicle_id}/history"> = {},
) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "history"), "GET /vehicles/{vehicle_id}/history", {
      path: { vehicle_id: vehicle },
      query: span,
    }),
  );
}

/** Return the records of a type, a page at a time. */
export function useRecords(vehicle: string, filter: RecordFilter) {
  return useInfiniteQuery(
    pagesOf(vehicleKey(vehicle, "history", "records"), RECORDS, {
      path: { vehicle_id: vehicle },
      query: filter,
    }),
  );
}

/** Return the address of all records that are meant, as CSV. */
export function recordsCsv(vehicle: string, filter: RecordFilter): string {
  return addressOf(`/vehicles/${encodeURIComponent(vehicle)}/history/records`, {
    ...filter,
    format: "csv",
  });
}

/** Return what deletes records of a type: those of a span, or all. */
export function useDeleteRecords(vehicle: string) {
  return useVehicleChange(
    vehicle,
    "DELETE /vehicles/{vehicle_id}/history/records",
    "history",
    "alerts",
    "data-use",
  );
}

/** Return the bytes that car and apps have sent and received on each of the last 90 days. */
export function useDataUse(vehicle: string) {
  return useQuery(
    queryOf(vehicleKey(vehicle, "data-use"), "GET /vehicles/{vehicle_id}/data-use", {
      path: { vehicle_id: vehicle },
    }),
  );
}
