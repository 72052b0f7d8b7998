import { expect, test, vi } from "vitest";
import { ApiError } from "./api";
import { makeQueryClient } from "./client";

const BOB = { owner: "Bob", is_admin: false, means: "password" };

/** Have a query fail; return which of the others is in doubt after that. */
async function doubtedAfter(queryKey: string[], error: ApiError, who: unknown = BOB) {
  const client = makeQueryClient();
  client.setQueryData(["session"], who);
  client.setQueryData(["vehicles"], []);
  const queryFn = () => Promise.reject(error);
  await expect(client.fetchQuery({ queryKey, queryFn, retry: false })).rejects.toBe(error);
  const isDoubted = (key: string) => client.getQueryState([key])?.isInvalidated;
  return ["session", "vehicles"].filter(isDoubted);
}

test("a call that needs a log-in again has asked who is logged in", async () => {
  const ended = new ApiError(401, "not_authenticated", "");
  expect(await doubtedAfter(["account", "tokens"], ended)).toEqual(["session"]);
  expect(await doubtedAfter(["account", "tokens"], ended, null)).toEqual([]);
});

test("a vehicle that is gone has the list of vehicles asked for", async () => {
  const gone = new ApiError(404, "no_vehicle", "");
  expect(await doubtedAfter(["vehicle", "CAR1", "alerts"], gone)).toEqual(["vehicles"]);
  expect(await doubtedAfter(["vehicles", "CAR1"], gone)).toEqual([]);
  const other = new ApiError(404, "no_journey", "");
  expect(await doubtedAfter(["vehicle", "CAR1", "journeys"], other)).toEqual([]);
});

test("a change that fails so does the same", async () => {
  const client = makeQueryClient();
  client.setQueryData(["session"], BOB);
  const mutationFn = vi.fn().mockRejectedValue(new ApiError(401, "not_authenticated", ""));
  const change = client.getMutationCache().build(client, { mutationFn });
  await expect(change.execute(undefined)).rejects.toMatchObject({ status: 401 });
  expect(client.getQueryState(["session"])?.isInvalidated).toBe(true);
});
