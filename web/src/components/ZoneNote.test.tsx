// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { MemoryRouter } from "react-router";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import common from "../locales/en/common.json";
import { DEVICE_ZONE } from "./charts/useFormat";
import { ZoneNote } from "./ZoneNote";

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: "en",
    defaultNS: "common",
    interpolation: { escapeValue: false },
    resources: { en: { common } },
  });
});

afterEach(cleanup);

function show(zone: string): void {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ zone })));
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <ZoneNote />
          <p>below</p>
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

test("a page says whose time zone it has, unless that is the device's", async () => {
  const other = DEVICE_ZONE === "Pacific/Auckland" ? "Europe/Berlin" : "Pacific/Auckland";
  show(other);
  expect((await screen.findByText(new RegExp(other))).textContent).toContain("account");
  cleanup();
  show(DEVICE_ZONE);
  await screen.findByText("below");
  expect(screen.queryByRole("link")).toBeNull();
});
