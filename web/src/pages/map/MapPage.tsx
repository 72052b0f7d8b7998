import { Skeleton, Title, VisuallyHidden } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { useCar } from "../../components/car/useCar";
import { whereaboutsOf } from "../../components/map/whereabouts";
import { usePageTitle } from "../../components/usePageTitle";
import { useVehicle } from "../../data/live/useVehicle";
import { useListedVehicle } from "../../data/vehicles";
import classes from "./MapPage.module.css";
import { MapPanel } from "./MapPanel";

const LiveMap = lazy(() => import("./LiveMap"));

/** Where the car is, and where it has been in the last day. */
export default function MapPage() {
  const { t } = useTranslation("map");
  const vehicle = useParams().vehicle ?? "";
  const shown = useListedVehicle(vehicle);
  const { name, isElsewhere } = useCar(vehicle);
  const view = useVehicle(vehicle);
  const where = useMemo(() => whereaboutsOf(view), [view]);
  usePageTitle(`${name}: ${t("title")}`);
  return (
    <div className={classes.page}>
      <VisuallyHidden>
        <Title order={1}>{t("heading", { name })}</Title>
      </VisuallyHidden>
      <div className={classes.map}>
        <Suspense fallback={<Skeleton height="100%" radius={0} />}>
          <LiveMap
            key={vehicle}
            vehicle={vehicle}
            name={name}
            where={where}
            hasTrack={shown?.rights.includes("location") === true && !shown.is_paranoid}
          />
        </Suspense>
      </div>
      <MapPanel
        vehicle={vehicle}
        rights={shown?.rights ?? []}
        mayAddPlace={!isElsewhere}
        view={view}
        where={where}
      />
    </div>
  );
}
