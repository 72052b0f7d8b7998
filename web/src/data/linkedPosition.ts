// What a link to a live position shows, to whoever has it; nobody logs in for that.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { addressOf } from "./api";
import type { PositionAnswer } from "./api-types";
import { queryOf } from "./queries";

/** Milliseconds between two looks beside the stream, which may be cut off without a word. */
const LOOK_INTERVAL = 60_000;

/** Milliseconds until a stream that has ended is opened again; the link may still hold. */
const AGAIN = 5000;

/** Return what a link shows, live. Its error has the status 404 when the link has ended. */
export function useLinkedPosition(secret: string) {
  const client = useQueryClient();
  const options = queryOf(["link", secret], "GET /links/{secret}", { path: { secret } });
  const query = useQuery({ ...options, refetchInterval: LOOK_INTERVAL });
  const [turn, setTurn] = useState(0);
  const holds = query.isSuccess;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn opens a stream anew
  useEffect(() => {
    if (!holds) return;
    const stream = new EventSource(addressOf(`/links/${encodeURIComponent(secret)}/events`));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      stream.close();
      void client.invalidateQueries({ queryKey: ["link", secret] });
      timer = setTimeout(() => setTurn((before) => before + 1), AGAIN);
    };
    stream.addEventListener("position", ({ data }) => {
      client.setQueryData(options.queryKey, (before) => withNews(before, data));
    });
    stream.addEventListener("end", end);
    stream.addEventListener("error", () => stream.readyState === EventSource.CLOSED && end());
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [secret, holds, turn, client]);
  return query;
}

/** Return a position with what an event tells; what cannot be read changes nothing. */
export function withNews(before: PositionAnswer | undefined, text: string) {
  if (before === undefined) return undefined;
  try {
    const { name, expires } = before;
    const news: PositionAnswer = JSON.parse(text);
    return { ...news, name, expires };
  } catch {
    return before;
  }
}
