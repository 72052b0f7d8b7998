import { Group, Menu, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useDeviceCars } from "../../data/device/cars";
import { useFigures } from "../../data/figures";
import type { ListedVehicle } from "../../data/live/types";
import { useLiveVehicles } from "../../data/live/useLiveVehicles";
import { useTelling } from "../../data/now";
import { UNKNOWN } from "../../data/quantities";
import { useVehicles } from "../../data/vehicles";
import { nameOf } from "../VehicleSwitch";

/** More of them nobody looks through in a menu; the page of all cars has the rest. */
const MOST = 50;

interface Props {
  current: string | null;
  onOpen: (vehicle: string) => void;
}

/** The cars that one can change to, each with its charge and how old that is. */
export default function SwitchItems({ current, onOpen }: Props) {
  const { data: vehicles = [] } = useVehicles();
  const { data: others = [] } = useDeviceCars();
  const live = useLiveVehicles();
  const cars = [
    ...vehicles.map((each) => ({ id: each.id, name: nameOf(each) })),
    ...others.map((each) => ({ id: each.id, name: each.name || each.vehicle_id })),
  ];
  const shown = cars.filter(({ id }, at) => at < MOST || id === current);
  return shown.map(({ id, name }) => (
    <Menu.Item key={id} onClick={() => onOpen(id)} aria-current={id === current}>
      <Group justify="space-between" wrap="nowrap" gap="xl">
        <Text span fw={id === current ? 650 : 400}>
          {name}
        </Text>
        <Charge listed={live.vehicles.get(id)} />
      </Group>
    </Menu.Item>
  ));
}

function Charge({ listed }: { listed: ListedVehicle | undefined }) {
  const { t } = useTranslation("car");
  const { percent, age } = useFigures();
  const battery = listed?.state.groups.battery ?? null;
  const old = useTelling((now) => battery && age(Date.parse(battery.time), now));
  if (battery === null) {
    return (
      <Text span size="sm" c="dimmed">
        {listed?.state.is_paranoid === true ? t("cars.sealedShort") : UNKNOWN}
      </Text>
    );
  }
  return (
    <Text span size="sm" c={battery.is_stale ? "dimmed" : "inherit"}>
      {percent(battery.soc)}
      <Text span c="dimmed" ml={6}>
        {old}
      </Text>
    </Text>
  );
}
