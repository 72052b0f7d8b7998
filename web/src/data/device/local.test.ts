import { expect, test, vi } from "vitest";
import { keep, kept } from "./local";

const refuse = (error: string) => () => {
  throw new DOMException("", error);
};

test("a browser that keeps nothing has a page that goes on", () => {
  vi.stubGlobal("localStorage", {
    getItem: refuse("SecurityError"),
    setItem: refuse("SecurityError"),
    removeItem: refuse("SecurityError"),
  });
  expect(kept("one")).toBeNull();
  keep("one", "text");
  expect(kept("one")).toBe("text");
  keep("one", null);
  expect(kept("one")).toBeNull();
});

test("a full storage does not bring back what it held before", () => {
  const texts = new Map([["one", "before"]]);
  let isFull = true;
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => texts.get(name) ?? null,
    setItem: (name: string, text: string) => (isFull ? refuse("Full")() : texts.set(name, text)),
    removeItem: (name: string) => texts.delete(name),
  });
  keep("one", "after");
  expect(kept("one")).toBe("after");
  isFull = false;
  keep("one", "later");
  expect([kept("one"), texts.get("one")]).toEqual(["later", "later"]);
  keep("one", null);
  expect(kept("one")).toBeNull();
});
