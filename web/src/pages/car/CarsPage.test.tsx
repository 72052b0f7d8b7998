// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { MemoryRouter } from "react-router";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { makeQueryClient } from "../../data/client";
import { sessionQuery } from "../../data/session";
import { vehiclesQuery } from "../../data/vehicles";
import car from "../../locales/en/car.json";
import common from "../../locales/en/common.json";
import CarsPage from "./CarsPage";

// Cards are tested by themselves, and a hundred take long.
vi.mock("../../components/car/CarCard", () => ({
  CarCard: ({ name }: { name: string }) => <article>{name}</article>,
}));

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: "en",
    defaultNS: "common",
    resources: { en: { car, common } },
  });
});

afterEach(cleanup);

/** Render the page; what comes of a server is what `fetch` does. */
function show(client: QueryClient) {
  vi.stubGlobal(
    "EventSource",
    class extends EventTarget {
      close() {
        return undefined;
      }
    },
  );
  client.setQueryData(sessionQuery.queryKey, null as never);
  render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <MemoryRouter>
          <CarsPage />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

test("hundreds of cars come some at a time", () => {
  vi.stubGlobal("fetch", () => new Promise(() => undefined));
  const client = makeQueryClient();
  const cars = Array.from({ length: 130 }, (_, at) => ({ id: `CAR${at}`, name: "" }));
  client.setQueryData(vehiclesQuery.queryKey, cars as never);
  show(client);
  const shown = () => document.querySelectorAll("article").length;
  const more = () => screen.queryByText(car.cars.more);
  expect(shown()).toBe(60);
  expect(screen.getByText("60 of 130 cars")).toBeTruthy();
  for (const count of [120, 130]) {
    fireEvent.click(more() as HTMLElement);
    expect(shown()).toBe(count);
  }
  expect(more()).toBeNull();
});

test("where the list does not come nobody is told that there is no car", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  const client = makeQueryClient();
  const { queries } = client.getDefaultOptions();
  client.setDefaultOptions({ queries: { ...queries, retry: false, retryOnMount: false } });
  await client.prefetchQuery(vehiclesQuery);
  show(client);
  expect(screen.getByRole("alert").textContent).toContain(common.error.noConnection);
  expect(screen.getByRole("button", { name: common.error.retry })).toBeDefined();
  expect(screen.queryByText(car.cars.none)).toBeNull();
});
