import { expect, test } from "vitest";
import { deviceName, isAppleMobile } from "./push";

const PHONE =
  "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36";
const PAD =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";

test.each([
  [PHONE, "Chrome · Android"],
  [`${PHONE} Edg/140.0`, "Edge · Android"],
  [PAD, "Safari · macOS"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"],
  ["something", "Browser"],
])("the name of %s", (agent, name) => {
  expect(deviceName(agent)).toBe(name);
});

test("an iPad says that it is a Mac, and has a touch screen", () => {
  expect([isAppleMobile(PAD, 5), isAppleMobile(PAD, 0), isAppleMobile(PHONE, 5)]).toEqual([
    true,
    false,
    false,
  ]);
});
