// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { cleanup, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import common from "../locales/en/common.json";
import { ErrorBoundary } from "./ErrorBoundary";
import { noteMissing } from "./loading";

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: "en",
    defaultNS: "common",
    resources: { en: { common } },
  });
});

afterEach(cleanup);

function Page({ error }: { error: Error }): never {
  throw error;
}

/** Show a page that throws; return its heading. */
function headingOf(error: Error): string {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  render(
    <MantineProvider>
      <ErrorBoundary>
        <Page error={error} />
      </ErrorBoundary>
    </MantineProvider>,
  );
  return screen.getByRole("heading").textContent ?? "";
}

test("a part that the server has no more is no fault of the app", () => {
  noteMissing(window);
  const payload = new TypeError("Failed to fetch dynamically imported module");
  window.dispatchEvent(Object.assign(new Event("vite:preloadError"), { payload }));
  expect(headingOf(payload)).toBe(common.error.missing.title);
});

test("what else a page throws is one", () => {
  expect(headingOf(new TypeError("x is undefined"))).toBe(common.error.fault.title);
});
