import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { useDeviceCars } from "../data/device/cars";
import { UNKNOWN } from "../data/quantities";
import { useListedVehicle, type Vehicle } from "../data/vehicles";
import { useVehicleId } from "./useVehicleId";
import classes from "./VehicleSwitch.module.css";

/** Live figures are not needed before somebody looks for another car. */
const SwitchItems = lazy(() => import("./car/SwitchItems"));

/** Shows whose page this is, and changes to the same page of another car. */
export function VehicleSwitch() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { data: others = [] } = useDeviceCars();
  const current = useVehicleId();
  const own = useListedVehicle(current);
  const other = others.find(({ id }) => id === current);
  const name =
    own === undefined ? other?.name || other?.vehicle_id || current || UNKNOWN : nameOf(own);
  const open = (id: string) => navigate(samePage(pathname, id));
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          className={classes.button}
          rightSection={<IconChevronDown size={16} aria-hidden />}
          aria-label={`${t("vehicle.switch")}: ${name}`}
        >
          {current === null ? t("vehicle.none") : name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu ?? ""}>
        <Suspense fallback={<Menu.Item disabled>…</Menu.Item>}>
          <SwitchItems current={current} onOpen={open} />
        </Suspense>
        <Menu.Divider />
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
