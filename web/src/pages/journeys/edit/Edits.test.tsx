// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { MemoryRouter, Route, Routes } from "react-router";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { journeyQuery, useJourneys } from "../../../data/journeys";
import { vehiclesQuery } from "../../../data/vehicles";
import common from "../../../locales/en/common.json";
import journeys from "../../../locales/en/journeys.json";
import JourneyPage from "../journey/JourneyPage";

const END = { time: "2026-11-27T08:00:00Z", place: null, position: null, address: null, soc: 80 };
const MERGED = {
  ...{ id: 7, vehicle_id: "CAR1", kind: "parked", is_open: false, start: END, end: END },
  ...{ duration: 60, certainty: "measured", estimated: [], purpose: null, note: "", parked: null },
};
const EDIT = { id: 3, kind: "merge", created: END.time };

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: "en",
    defaultNS: "common",
    resources: { en: { common, journeys } },
  });
});

afterEach(cleanup);

/** The list of journeys, whose cards ask for the track of each. */
function List() {
  return useJourneys("CAR1").data?.items.map(({ id }) => <Card key={id} id={id} />);
}

function Card({ id }: { id: number }) {
  useQuery(journeyQuery("CAR1", id));
  return `no. ${id}`;
}

/** Stand for the server, which has journey 7 until what made it is taken back; note its calls. */
function fakeServer(undo: number): string[] {
  const calls: string[] = [];
  let isMerged = true;
  const answer = (address: string): [unknown, number?] => {
    const path = address.replace(/^.*CAR1|\?.*$/g, "");
    if (path === "/journeys/7") return isMerged ? [MERGED] : [{}, 404];
    if (path === "/journeys/8") return [{ ...MERGED, id: 8 }];
    if (path === "/journeys") return [{ items: isMerged ? [MERGED] : [{ ...MERGED, id: 8 }] }];
    if (path === "/journey-edits") return [{ items: [EDIT], next: null }];
    return address.endsWith("/vehicles")
      ? [[{ id: "CAR1", name: "", rights: ["manage"] }]]
      : [{ zone: "UTC" }];
  };
  vi.stubGlobal("fetch", async (address: string, { method }: RequestInit) => {
    calls.push(`${method} ${address.replace(/^.*CAR1|\?.*$/g, "")}`);
    if (method === "DELETE") {
      isMerged = undo !== 204;
      return new Response(undo === 204 ? null : "{}", { status: undo });
    }
    const [body, status = 200] = answer(address);
    return new Response(JSON.stringify(body), { status });
  });
  return calls;
}

async function showMerged(): Promise<QueryClient> {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const page = (start: string) => (
    <MantineProvider>
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={[start]}>
          <Routes>
            <Route path="/cars/:vehicle/journeys" element={<List />} />
            <Route path="/cars/:vehicle/journeys/:id/*" element={<JourneyPage vehicle="CAR1" />} />
          </Routes>
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>
  );
  await client.prefetchQuery(vehiclesQuery);
  render(page("/cars/CAR1/journeys")); // so that the list is remembered
  await screen.findByText("no. 7");
  cleanup();
  render(page("/cars/CAR1/journeys/7"));
  return client;
}

test("after a merge was taken back, nothing asks for the journey that is gone", async () => {
  const calls = fakeServer(204);
  const client = await showMerged();
  fireEvent.click(await screen.findByRole("button", { name: journeys.edits.undo }));
  await screen.findByText("no. 8");
  const after = calls.slice(calls.indexOf("DELETE /journey-edits/3") + 1);
  expect(after).toContain("GET /journeys");
  expect(after).not.toContain("GET /journeys/7");
  expect(client.getQueryState(journeyQuery("CAR1", 7).queryKey)?.error ?? null).toBeNull();
});

test("a merge that could not be taken back leaves the journey, and says why", async () => {
  fakeServer(409);
  await showMerged();
  fireEvent.click(await screen.findByRole("button", { name: journeys.edits.undo }));
  expect((await screen.findByRole("alert")).textContent).toContain("409");
  expect(screen.getByRole("heading", { level: 1 })).toBeTruthy();
});
