import { expect, test, vi } from "vitest";
import { ApiError, addressOf, call } from "./api";

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined ? null : JSON.stringify(body);
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(new Response(text, { status, headers })));
}

test("an address has what its query says, and of lists each value", () => {
  expect(addressOf("/vehicles")).toBe("/api/v1/vehicles");
  expect(
    addressOf("/x", { kind: ["a", "b c"], limit: 5, own: true, after: null, to: undefined }),
  ).toBe("/api/v1/x?kind=a&kind=b+c&limit=5&own=true");
});

test("an answer is what its body says", async () => {
  answer(200, { id: "CAR1" });
  expect(await call("POST", "/vehicles", { body: { id: "CAR1" } })).toEqual({ id: "CAR1" });
  expect(vi.mocked(fetch).mock.calls[0]?.[1]).toMatchObject({
    method: "POST",
    body: '{"id":"CAR1"}',
    credentials: "same-origin",
  });
  answer(204, undefined);
  expect(await call("DELETE", "/session")).toBeUndefined();
});

test("a call that failed says why, and when to try again", async () => {
  const details = [{ field: "body.name", message: "too long" }];
  answer(
    429,
    { error: { code: "too_many", message: "Too many", details } },
    { "retry-after": "7" },
  );
  const error = await call("GET", "/session").catch((reason) => reason);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    status: 429,
    code: "too_many",
    message: "Too many",
    wait: 7,
    details,
  });
});

test("what a proxy answers in its own words is an error, too", async () => {
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(new Response("<p>", { status: 502 })));
  await expect(call("GET", "/session")).rejects.toMatchObject({ status: 502, wait: null });
});

test("a server that is away has the status 0; who gives up hears that they did", async () => {
  vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("failed")));
  await expect(call("GET", "/session")).rejects.toMatchObject({ status: 0, code: "no_connection" });
  const over = new DOMException("over", "AbortError");
  vi.stubGlobal("fetch", vi.fn().mockRejectedValue(over));
  await expect(call("GET", "/session")).rejects.toBe(over);
});
