import { expect, test } from "vitest";
import { readPush } from "./pushed";

test("a push of an alert", () => {
  const said = {
    id: "ovms-7-1795780000",
    kind: "A",
    vehicle: "DEMO",
    title: "Open Vehicles DEMO",
    text: "12 V battery is low",
    time: 1795780000,
    url: "/cars/DEMO/alerts",
  };
  expect(readPush(JSON.stringify(said))).toEqual({
    id: "ovms-7-1795780000",
    title: "Open Vehicles DEMO",
    text: "12 V battery is low",
    time: 1795780000,
    url: "/cars/DEMO/alerts",
  });
});

test.each(["", "no JSON", "null", "[1]", '{"title": 7, "url": {}}'])(
  "the push %s is shown as well as it can be",
  (text) => {
    expect(readPush(text)).toEqual({ id: "ovms", title: "OVMS", text: "", time: null, url: "/" });
  },
);

test.each(["https://elsewhere.org/", "//elsewhere.org", "/\\elsewhere.org", "javascript:1"])(
  "a push does not lead to %s",
  (url) => {
    expect(readPush(JSON.stringify({ url })).url).toBe("/");
  },
);
