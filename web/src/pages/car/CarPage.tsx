import { Button, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { BatteryCard } from "../../components/car/BatteryCard";
import { CareList } from "../../components/car/CareList";
import { CarHead } from "../../components/car/CarHead";
import { CarSkeleton } from "../../components/car/CarSkeleton";
import { careOf } from "../../components/car/care";
import { QuickControls } from "../../components/car/control/QuickControls";
import { GroupList } from "../../components/car/GroupList";
import NoVehicle from "../../components/car/NoVehicle";
import { QuickFacts } from "../../components/car/QuickFacts";
import { SealedNote } from "../../components/car/SealedNote";
import { bodyOf } from "../../components/car/shapes";
import { useCar } from "../../components/car/useCar";
import { EmptyPage } from "../../components/EmptyPage";
import { usePageTitle } from "../../components/usePageTitle";
import type { LiveVehicleView, VehicleState } from "../../data/live/types";
import { useVehicle } from "../../data/live/useVehicle";
import { useLook } from "../../data/look";
import classes from "./CarPage.module.css";

const ForgetCar = lazy(() => import("../../components/car/ForgetCar"));

/** The car at a glance: state now, what it does next, what may need care, then the rest. */
export default function CarPage() {
  const { t } = useTranslation("car");
  const vehicle = useParams().vehicle ?? "";
  const view = useVehicle(vehicle);
  const { name, isElsewhere } = useCar(vehicle);
  usePageTitle(name);
  const { status } = view.connection;
  if (view.state === null && !view.is_told && (status === "connecting" || status === "open")) {
    return <CarSkeleton />;
  }
  return (
    <>
      <VisuallyHidden>
        <Title order={1}>{t("heading", { name })}</Title>
      </VisuallyHidden>
      <Car vehicle={vehicle} view={view} />
      {isElsewhere && (
        <Suspense fallback={null}>
          <ForgetCar vehicle={vehicle} />
        </Suspense>
      )}
    </>
  );
}

function Car({ vehicle, view }: { vehicle: string; view: LiveVehicleView }) {
  const { t } = useTranslation("car");
  const look = useLook(vehicle);
  const { isOwner, isElsewhere } = useCar(vehicle);
  const { state } = view;
  const isWatched = view.connection.status === "open" && view.presence.is_online === true;
  if (view.connection.status === "refused") return <NoVehicle />;
  if (state === null || (state.heard === null && !state.is_paranoid)) {
    const what = view.is_told ? "neverHeard" : "notTold";
    return (
      <EmptyPage order={2} title={t(`${what}.title`)} text={t(`${what}.text`)}>
        {isOwner && !isElsewhere && view.is_told && (
          <Button
            component={Link}
            to={`/setup/module/${encodeURIComponent(vehicle)}`}
            w="fit-content"
          >
            {t("neverHeard.setUp")}
          </Button>
        )}
        <CarHead vehicle={vehicle} view={view} />
      </EmptyPage>
    );
  }
  return (
    <div className={classes.page}>
      <Stack gap="md">
        <CarHead vehicle={vehicle} view={view} />
        {view.connection.status === "blocked" && (
          <Text size="sm" c="dimmed">
            {t("blocked")}
          </Text>
        )}
        <CareList care={careOf(state.groups, view.presence)} />
        <SealedNote vehicle={vehicle} view={view} />
        <BatteryCard vehicle={vehicle} groups={state.groups} isWatched={isWatched} />
        <QuickFacts groups={state.groups} />
        <QuickControls vehicle={vehicle} />
      </Stack>
      <Stack gap="md">
        <Hidden state={state} />
        <GroupList
          groups={state.groups}
          isWatched={isWatched}
          body={bodyOf(look.body, state.groups.module?.vehicle_type)}
        />
      </Stack>
    </div>
  );
}

/** Says what the caller has no right to see. */
function Hidden({ state }: { state: VehicleState }) {
  const { t } = useTranslation("car");
  if (!state.hidden.includes("location")) return null;
  return (
    <Text size="sm" c="dimmed">
      <IconEyeOff size={16} aria-hidden /> {t("hidden.location")}
    </Text>
  );
}
