import { expect, test } from "vitest";
import type { ChannelKind } from "../../data/channels";
import { kindsToType, namedKind } from "./channelKinds";

const kind = (type: string, more: Partial<ChannelKind> = {}): ChannelKind => ({
  type,
  key: "where",
  is_active: true,
  is_allowed: true,
  ...more,
});

test("a person chooses among what can be typed, what sends first", () => {
  const kinds = [
    kind("apns"),
    kind("apprise", { is_allowed: false }),
    kind("expo"),
    kind("fax"),
    kind("gcm", { is_active: false }),
    kind("mail", { is_active: false }),
    kind("pager", { key: "" }),
    kind("webpush"),
  ];
  expect(kindsToType(kinds).map(({ type }) => type)).toEqual(["expo", "fax", "mail"]);
  const all = kinds.map((each) => ({ ...each, is_active: true, is_allowed: true }));
  expect(kindsToType(all).map(({ type }) => type)).toEqual(["mail", "apprise", "expo", "fax"]);
});

test("a kind of another package goes by the server's name", () => {
  expect(namedKind("mail")).toBe("mail");
  expect(namedKind("fax")).toBeNull();
});
