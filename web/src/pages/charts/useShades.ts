import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Shade } from "../../components/charts/plotOptions";
import type { Span } from "../../components/charts/span";
import { ask } from "../../data/calls";
import { PAGE_LIMIT } from "../../data/journeys";
import { vehicleKey } from "../../data/queries";

/** Beyond this many seconds a journey is thinner than what one sees. */
const LONGEST = 62 * 86_400;

const HOUR = 3600;

/** Return what a car did in a span, to be shaded: trips and charges. */
export function useShades(vehicle: string, span: Span): readonly Shade[] {
  // Whole hours, and from a day before: what began then may go on. Zooming asks seldom so.
  const since = Math.floor(span.since / HOUR) * HOUR - 24 * HOUR;
  const until = Math.ceil(span.until / HOUR) * HOUR;
  const { data } = useQuery({
    queryKey: [...vehicleKey(vehicle, "journeys"), "shades", since, until],
    queryFn: ({ signal }) =>
      ask(
        "GET /vehicles/{vehicle_id}/journeys",
        {
          path: { vehicle_id: vehicle },
          query: { kind: ["trip", "charge"], since, until, limit: PAGE_LIMIT },
        },
        signal,
      ),
    enabled: until - since <= LONGEST,
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
  return useMemo(
    () =>
      (data?.items ?? []).flatMap(({ kind, start, end }) =>
        kind === "parked"
          ? []
          : [{ kind, since: Date.parse(start.time) / 1000, until: Date.parse(end.time) / 1000 }],
      ),
    [data],
  );
}
