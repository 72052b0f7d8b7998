// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import * as download from "../../../components/charts/download";
import common from "../../../locales/en/common.json";
import journeys from "../../../locales/en/journeys.json";
import { Exports } from "./Exports";

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: "en",
    defaultNS: "common",
    interpolation: { escapeValue: false },
    resources: { en: { common, journeys } },
  });
});

afterEach(cleanup);

function press(answer: Response): void {
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(answer));
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <Exports vehicle="CAR 1" />
      </QueryClientProvider>
    </MantineProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: journeys.exports.pdf }));
}

test("the log of the span and purpose that were chosen is saved", async () => {
  const save = vi.spyOn(download, "save").mockReturnValue();
  press(new Response("%PDF-"));
  await vi.waitFor(() => expect(save).toHaveBeenCalledOnce());
  expect(save.mock.calls[0]?.[1]).toBe("CAR 1-trip-log.pdf");
  expect(await save.mock.calls[0]?.[0].text()).toBe("%PDF-");
  const asked = String(vi.mocked(fetch).mock.calls[0]?.[0]);
  expect(asked).toMatch(/^\/api\/v1\/vehicles\/CAR%201\/trip-log\.pdf\?since=.*language=en$/);
});

test("a server that cannot make it is heard", async () => {
  const save = vi.spyOn(download, "save").mockReturnValue();
  const message = "On the server this needs a package";
  press(Response.json({ error: { code: "no_pdf", message, details: [] } }, { status: 409 }));
  expect((await screen.findByRole("alert")).textContent).toContain(message);
  expect(save).not.toHaveBeenCalled();
});
