import { describe, expect, it } from "vitest";
import { pageOf } from "./LinkForm";

describe("pageOf", () => {
  it("is a page of the server, not the call that it makes", () => {
    const link = { path: "/api/v1/links/3v0_a-b=" };
    expect(pageOf(link, "https://ovms.example")).toBe("https://ovms.example/live/3v0_a-b=");
  });
});
