import { MutationObserver, QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { makeQueryClient } from "./client";
import { changeOf } from "./queries";

test("a change is over before what it made stale has come again", async () => {
  vi.stubGlobal("fetch", async () => new Response('{"recovery_codes":["once"]}'));
  const client = makeQueryClient();
  client.setQueryData(["totp"], { is_on: false });
  const queryFn = vi.fn(() => new Promise<never>(() => undefined));
  const form = new QueryObserver(client, {
    queryKey: ["totp"],
    queryFn,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const end = form.subscribe(() => undefined);
  const change = changeOf(client, "POST /account/totp/confirm", () => [["totp"]]);
  const observer = new MutationObserver(client, change);
  observer.subscribe(() => undefined);
  const told = vi.fn();
  await observer.mutate({ body: { code: "123456" } }, { onSuccess: (answer) => told(answer) });
  expect(queryFn).toHaveBeenCalledTimes(1);
  expect(told).toHaveBeenCalledWith({ recovery_codes: ["once"] });
  end();
});
