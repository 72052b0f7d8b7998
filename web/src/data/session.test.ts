import { afterAll, expect, test, vi } from "vitest";
import { makeQueryClient } from "./client";
import { begin, followOtherTabs, sessionQuery } from "./session";

const BOB = { owner: "Bob", is_admin: false, means: "password" } as const;

// A log-out loads the connections that it ends, after which nothing waits: the file must not be over.
afterAll(() => import("./live/registry"));

/** Put in the place of the device's storage and of the server what a test says. */
function fakes() {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  const says = (session: unknown, status = 200) =>
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ session }), { status }));
  const isAway = () => vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  return { kept, says, isAway };
}

const ask = () => makeQueryClient().fetchQuery({ ...sessionQuery, retry: false });

test("while the server is away, whoever was logged in on this device still is", async () => {
  const { says, isAway } = fakes();
  says(BOB);
  expect(await ask()).toEqual(BOB);
  isAway();
  expect(await ask()).toEqual(BOB);
});

test("a server that is there says who is logged in, also that nobody is", async () => {
  const { says, isAway } = fakes();
  says(BOB);
  await ask();
  says(null, 500);
  await expect(ask()).rejects.toMatchObject({ status: 500 });
  says(null);
  expect(await ask()).toBeNull();
  isAway();
  await expect(ask()).rejects.toMatchObject({ status: 0 });
});

test("of a session the device keeps who it is of, and nothing else", async () => {
  const { kept, says } = fakes();
  says({ ...BOB, rights: ["*"], session: { address: "192.0.2.7" } });
  await ask();
  expect(JSON.parse(kept.get("ovms.session") ?? "")).toEqual(BOB);
});

test("a log-out leaves nobody, and what is kept may be anything", async () => {
  const { kept, says, isAway } = fakes();
  says(BOB);
  await ask();
  begin(makeQueryClient(), null);
  isAway();
  await expect(ask()).rejects.toMatchObject({ status: 0 });
  for (const text of ["{", "7", "null", '{"owner":3}']) {
    kept.set("ovms.session", text);
    await expect(ask()).rejects.toMatchObject({ status: 0 });
  }
});

test("a tab does as another one that logs out, or logs somebody else in", async () => {
  const { kept, says } = fakes();
  says(BOB);
  const client = makeQueryClient();
  await client.fetchQuery(sessionQuery);
  client.setQueryData(["vehicles"], ["CAR1"]);
  const page = new EventTarget();
  const stop = followOtherTabs(client, page as Window);
  const tell = (value: string | null) => {
    if (value === null) kept.delete("ovms.session");
    else kept.set("ovms.session", value);
    const changed = { key: "ovms.session", newValue: value };
    page.dispatchEvent(Object.assign(new Event("storage"), changed));
  };
  tell(JSON.stringify(BOB)); // the same again
  expect(client.getQueryData(["vehicles"])).toEqual(["CAR1"]);
  tell(null);
  expect(client.getQueryData(sessionQuery.queryKey)).toBeNull();
  expect(client.getQueryData(["vehicles"])).toBeUndefined();
  tell(JSON.stringify({ ...BOB, owner: "Alice" }));
  expect(client.getQueryData(sessionQuery.queryKey)?.owner).toBe("Alice");
  stop();
  tell(null);
  expect(client.getQueryData(sessionQuery.queryKey)?.owner).toBe("Alice");
});
