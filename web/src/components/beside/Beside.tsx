import { Anchor, Group, Skeleton, Text } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Group as Reported } from "../../data/live/types";
import { useLiveVehicles } from "../../data/live/useLiveVehicles";
import { Age } from "../car/Age";
import { CarCard } from "../car/CarCard";
import { useCar } from "../car/useCar";
import { usePlaceAt } from "../map/usePlaceAt";
import { type Known, whereaboutsListed } from "../map/whereabouts";
import classes from "./Beside.module.css";

const BesideMap = lazy(() => import("./BesideMap"));

interface Props {
  vehicle: string;
  /** The page itself shows the car, so that only its map is beside it. */
  isMapOnly: boolean;
}

/** The car and where it is, in sight beside a page. No car reports more often for it. */
export default function Beside({ vehicle, isMapOnly }: Props) {
  const { t } = useTranslation("map");
  const { name } = useCar(vehicle);
  const { vehicles, connection } = useLiveVehicles();
  const listed = vehicles.get(vehicle);
  const where = useMemo(() => whereaboutsListed(listed), [listed]);
  return (
    <>
      {!isMapOnly && <CarCard id={vehicle} name={name} listed={listed} connection={connection} />}
      {typeof where === "string" ? (
        <Text size="sm" c="dimmed" mih={22}>
          {where === "connecting" ? "" : t(`none.${where}`)}
        </Text>
      ) : (
        <Place vehicle={vehicle} name={name} where={where} />
      )}
    </>
  );
}

function Place({ vehicle, name, where }: { vehicle: string; name: string; where: Known }) {
  return (
    <section className={classes.place} aria-labelledby="beside-place">
      <Words vehicle={vehicle} where={where} group={where.group} />
      <div className={classes.map}>
        <Suspense fallback={<Skeleton height="100%" />}>
          <BesideMap key={vehicle} name={name} where={where} />
        </Suspense>
      </div>
    </section>
  );
}

interface WordsProps {
  vehicle: string;
  where: Known;
  group: Reported<"location">;
}

function Words({ vehicle, where, group }: WordsProps) {
  const { t } = useTranslation("map");
  const place = usePlaceAt(where.position);
  return (
    <Group gap="xs" justify="space-between" wrap="nowrap" mb={8}>
      <Anchor
        component={Link}
        to={`/cars/${encodeURIComponent(vehicle)}/map`}
        id="beside-place"
        fw={650}
        truncate
      >
        {place === null ? t("position") : t("atPlace", { place })}
      </Anchor>
      <Age name="location" group={group} isWatched={false} />
    </Group>
  );
}
