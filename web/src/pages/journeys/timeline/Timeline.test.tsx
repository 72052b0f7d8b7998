// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { MemoryRouter } from "react-router";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import common from "../../../locales/en/common.json";
import journeys from "../../../locales/en/journeys.json";
import { Timeline } from "./Timeline";

const END = {
  place: { id: 1, name: "Home" },
  position: null,
  address: null,
  soc: 80,
  odometer: null,
};

const TRIP = {
  id: 7,
  vehicle_id: "CAR1",
  kind: "trip",
  is_open: false,
  start: { ...END, time: "2026-11-27T08:00:00Z" },
  end: { ...END, time: "2026-11-27T08:30:00Z", place: { id: 2, name: "<b>Work</b>" } },
  duration: 1800,
  certainty: "gaps",
  estimated: ["distance"],
  purpose: "business",
  note: "To the customer",
  is_edited: false,
  trip: { distance: 13.6, energy: null, consumption: null },
  charge: null,
  parked: null,
};

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: "en",
    defaultNS: "common",
    interpolation: { escapeValue: false },
    resources: { en: { common, journeys } },
  });
});

afterEach(cleanup);

function show(page: { items?: unknown[]; state?: string; hidden?: string[] }, status = 200) {
  const list = { items: [], next: null, state: "made", hidden: [], ...page };
  const body = status === 200 ? list : { error: { code: "x", message: "Broken", details: [] } };
  const answer = (address: string) => {
    const isList = address.includes("/journeys");
    const found = isList ? body : address.includes("/places") ? [] : { zone: "UTC" };
    return Promise.resolve(new Response(JSON.stringify(found), { status: isList ? status : 200 }));
  };
  vi.stubGlobal("fetch", vi.fn(answer));
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <MemoryRouter>
          <Timeline vehicle="CAR1" />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

test("without journeys the page says when they come", async () => {
  show({});
  expect(await screen.findByText(journeys.none)).toBeTruthy();
});

test("a sealed car, a switched-off one and a hidden position say why", async () => {
  show({ state: "paranoid", hidden: ["location"] });
  expect(await screen.findByText(journeys.states.paranoid)).toBeTruthy();
  expect(screen.getByText(journeys.hidden)).toBeTruthy();
  cleanup();
  show({ state: "vehicle_off" });
  expect(await screen.findByText(journeys.states.vehicle_off)).toBeTruthy();
});

test("a card tells a trip: what was concluded, nothing that is unknown, and names as text", async () => {
  show({ items: [TRIP] });
  const card = await screen.findByRole("link", { name: /Home/ });
  expect(card.textContent).toContain("Home → <b>Work</b>");
  expect(card.textContent).toMatch(/≈\s[\d.]+\s(mi|km)/);
  expect(card.textContent).not.toContain("kWh");
  for (const text of [journeys.certainty.gaps, journeys.purposes.business, "To the customer"]) {
    expect(card.textContent).toContain(text);
  }
});

test("a failure stays in place, with a way to try again", async () => {
  show({}, 409);
  expect(await screen.findByText("Broken.")).toBeTruthy();
  expect(screen.getByRole("button", { name: journeys.retry })).toBeTruthy();
});
