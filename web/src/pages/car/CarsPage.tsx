import { Button, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { IconPlus, IconWorldShare } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate, useSearchParams } from "react-router";
import { CarCard } from "../../components/car/CarCard";
import { CarSkeleton } from "../../components/car/CarSkeleton";
import { Reading } from "../../components/Reading";
import { usePageTitle } from "../../components/usePageTitle";
import { nameOf } from "../../components/VehicleSwitch";
import { useDeviceCars } from "../../data/device/cars";
import { useLiveVehicles } from "../../data/live/useLiveVehicles";
import { useVehicles } from "../../data/vehicles";
import { AddOtherDialog } from "./AddOtherDialog";
import classes from "./CarsPage.module.css";

/** Cards that are shown at first, and more at a time: hundreds keep a phone busy for long. */
const AT_ONCE = 60;

/** All cars of the caller as cards; as a wall, the whole screen is theirs. */
export default function CarsPage() {
  const { t } = useTranslation("car");
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [params, setParams] = useSearchParams();
  const isWall = params.get("view") === "wall";
  const reading = useVehicles();
  const { data: vehicles, isPending } = reading;
  const { data: others = [] } = useDeviceCars();
  usePageTitle(t("cars.title"));
  if (isPending) return <CarSkeleton />;
  return (
    <Stack p="md" gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">
          {t("cars.title")}
        </Title>
        <Switch
          label={t("cars.wall")}
          checked={isWall}
          onChange={({ currentTarget }) =>
            setParams(currentTarget.checked ? { view: "wall" } : {}, { replace: true })
          }
        />
      </Group>
      {vehicles === undefined && <Reading query={reading} />}
      {vehicles?.length === 0 && others.length === 0 && <Text c="dimmed">{t("cars.none")}</Text>}
      <Cards isWall={isWall} />
      <Group>
        <Button
          component={Link}
          to="/setup"
          variant="default"
          leftSection={<IconPlus size={18} aria-hidden />}
        >
          {t("cars.add")}
        </Button>
        <Button
          component={Link}
          to="/cars/add-other"
          variant="default"
          leftSection={<IconWorldShare size={18} aria-hidden />}
        >
          {t("cars.addOther")}
        </Button>
      </Group>
      {pathname === "/cars/add-other" && <AddOtherDialog onClose={() => navigate("/cars")} />}
    </Stack>
  );
}

function Cards({ isWall }: { isWall: boolean }) {
  const { data: vehicles = [] } = useVehicles();
  const { data: others = [] } = useDeviceCars();
  const live = useLiveVehicles();
  const { t } = useTranslation("car");
  const [most, setMost] = useState(AT_ONCE);
  const own = vehicles.slice(0, most);
  return (
    <>
      <div className={`${classes.cards} ${isWall ? classes.wall : ""}`}>
        {own.map((each) => (
          <CarCard
            key={each.id}
            id={each.id}
            name={nameOf(each)}
            listed={live.vehicles.get(each.id)}
            connection={live.connection}
            isLeftOut={live.is_full && !live.vehicles.has(each.id)}
          />
        ))}
        {others.map((each) => (
          <CarCard
            key={each.id}
            id={each.id}
            name={each.name || each.vehicle_id}
            listed={live.vehicles.get(each.id)}
            connection={live.connection}
            elsewhere={new URL(each.address).host}
          />
        ))}
      </div>
      {own.length < vehicles.length && (
        <Group>
          <Button variant="default" onClick={() => setMost(most + AT_ONCE)}>
            {t("cars.more")}
          </Button>
          <Text size="sm" c="dimmed">
            {t("cars.shown", { shown: own.length, count: vehicles.length })}
          </Text>
        </Group>
      )}
    </>
  );
}
