import { Button, Menu, Text } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { useVehicles, type Vehicle } from "../data/vehicles";
import { useVehicleId } from "./useVehicleId";

/** Shows whose page this is, and changes to the same page of another car. */
export function VehicleSwitch() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { data: vehicles = [] } = useVehicles();
  const current = useVehicleId();
  const shown = vehicles.find(({ id }) => id === current);
  const open = (id: string) => navigate(samePage(pathname, id));
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          rightSection={<IconChevronDown size={16} aria-hidden />}
          aria-label={`${t("vehicle.switch")}: ${shown === undefined ? "–" : nameOf(shown)}`}
        >
          {shown === undefined ? (current ?? t("vehicle.none")) : nameOf(shown)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {vehicles.map((each) => (
          <Menu.Item key={each.id} onClick={() => open(each.id)}>
            {nameOf(each)}
            <Text span c="dimmed" size="sm" ml="xs">
              {each.id}
            </Text>
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => navigate("/cars")}>{t("nav.cars")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Return what people call a vehicle. */
export function nameOf(vehicle: Pick<Vehicle, "id" | "name">): string {
  return vehicle.name === "" ? vehicle.id : vehicle.name;
}

/** Return the address of another car's page like this one. */
export function samePage(pathname: string, vehicle: string): string {
  const kind = /^\/cars\/[^/]+\/([a-z]+)/.exec(pathname)?.[1];
  return `/cars/${encodeURIComponent(vehicle)}${kind === undefined ? "" : `/${kind}`}`;
}
