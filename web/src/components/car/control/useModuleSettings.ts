import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { CommandDesk, CommandRun } from "../../../data/live/types";
import { vehicleKey } from "../../../data/queries";
import { changesOf, type Drafts, SETTERS, type SettingsKind, settingsOf } from "./moduleSettings";

/** A list that the car did not give; the run says why. */
export class ListError extends Error {
  constructor(readonly run: CommandRun) {
    super("the car did not give its list");
  }
}

/** Return the settings of a car's module, asked of the car once, and what changes them. */
export function useModuleSettings(
  vehicle: string,
  kind: SettingsKind,
  desk: CommandDesk,
  mayAsk: boolean,
) {
  const client = useQueryClient();
  const [drafts, setDrafts] = useState<Drafts>({});
  const [isSending, setSending] = useState(false);
  const queryKey = vehicleKey(vehicle, "module", kind);
  const query = useQuery({
    queryKey,
    queryFn: async () => {
      const run = await desk.run(kind);
      if (run.status !== "done") throw new ListError(run);
      return settingsOf(kind, run.rows);
    },
    enabled: mayAsk,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const settings = query.data ?? [];
  const changes = changesOf(settings, drafts);
  const send = async () => {
    setSending(true);
    const { command, number: name } = SETTERS[kind];
    for (const [number, value] of changes) {
      const run = await desk.run(command, { [name]: number, value });
      if (run.status !== "done") continue;
      setDrafts(({ [number]: _sent, ...rest }) => rest);
    }
    setSending(false);
    await client.invalidateQueries({ queryKey });
  };
  const type = useCallback(
    (number: number, value: string) => setDrafts((old) => ({ ...old, [number]: value })),
    [],
  );
  return {
    query,
    settings,
    drafts,
    changes,
    isSending,
    /** Note what is typed; it stays the same function. */
    type,
    discard: () => setDrafts({}),
    send,
  };
}
