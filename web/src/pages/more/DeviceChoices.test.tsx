// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeAll, expect, test } from "vitest";
import { usePreferences } from "../../data/preferences";
import common from "../../locales/en/common.json";
import { DeviceChoices } from "./DeviceChoices";

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: "en",
    defaultNS: "common",
    resources: { en: { common } },
  });
});

afterEach(cleanup);

function Shown() {
  const { distance, temperature, pressure } = usePreferences();
  return <output>{[distance, temperature, pressure].join(" ")}</output>;
}

test("units that somebody chooses are those of all pages, and are kept", () => {
  render(
    <MantineProvider>
      <DeviceChoices />
      <Shown />
    </MantineProvider>,
  );
  const choose = (label: string, value: string) =>
    fireEvent.change(screen.getByLabelText(label), { target: { value } });
  choose(common.device.distance, "km");
  choose(common.device.temperature, "F");
  choose(common.device.pressure, "psi");
  expect(screen.getByRole("status").textContent).toBe("km F psi");
  choose(common.device.distance, "furlong");
  expect(screen.getByRole("status").textContent).toBe("km F psi");
  expect(localStorage.getItem("ovms.units")).toContain('"psi"');
});
