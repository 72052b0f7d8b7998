import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Route, Routes, useLocation } from "react-router";
import { Elsewhere } from "../../components/Elsewhere";
import { SubNav } from "../../components/forms/SubNav";
import { PageSkeleton } from "../../components/PageSkeleton";
import { usePageTitle } from "../../components/usePageTitle";
import { useVehicleId } from "../../components/useVehicleId";
import { ZoneNote } from "../../components/ZoneNote";
import { isDeviceCar } from "../../data/device/cars";
import { useLiveVehicles } from "../../data/live/useLiveVehicles";
import { useListedVehicle } from "../../data/vehicles";
import classes from "./Journeys.module.css";
import { Timeline } from "./timeline/Timeline";

const BatteryView = lazy(() => import("./sums/BatteryView"));
const JourneyPage = lazy(() => import("./journey/JourneyPage"));
const PlacesView = lazy(() => import("./places/PlacesView"));
const RulesView = lazy(() => import("./rules/RulesView"));
const SumsView = lazy(() => import("./sums/SumsView"));

const TABS = ["timeline", "sums", "battery", "places", "alerts"] as const;

/** What a car did: its timeline, its sums, and what belongs to them. */
export default function JourneysPage() {
  const { t } = useTranslation("journeys");
  const vehicle = useVehicleId();
  if (vehicle === null) return <PageSkeleton />;
  if (isDeviceCar(vehicle)) {
    return <Elsewhere vehicle={vehicle} title={t("title")} text={t("elsewhere")} />;
  }
  return (
    <div className={classes.page}>
      <KeepFresh />
      <Suspense fallback={<PageSkeleton />}>
        <Routes>
          <Route path=":id/*" element={<JourneyPage vehicle={vehicle} />} />
          <Route path="*" element={<Overview vehicle={vehicle} />} />
          {TABS.map((tab) => (
            <Route key={tab} path={`${tab}/*`} element={<Overview vehicle={vehicle} />} />
          ))}
        </Routes>
      </Suspense>
      <ZoneNote />
    </div>
  );
}

/** Have journeys asked for again when the server says that they changed. */
function KeepFresh() {
  useLiveVehicles();
  return null;
}

function Overview({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("journeys");
  const { pathname } = useLocation();
  const base = `/cars/${encodeURIComponent(vehicle)}/journeys`;
  const found = useListedVehicle(vehicle);
  const mayManage = found?.rights.includes("manage") ?? true;
  const tabs = TABS.filter(
    (tab) => (tab !== "places" || found?.is_own !== false) && (tab !== "alerts" || mayManage),
  );
  const current = TABS.find((tab) => pathname.startsWith(`${base}/${tab}`)) ?? "timeline";
  usePageTitle(current === "timeline" ? t("title") : t(`tabs.${current}`));
  return (
    <>
      <h1 className={classes.title}>{t("title")}</h1>
      <SubNav
        label={t("title")}
        pages={tabs.map((tab) => ({
          to: tab === "timeline" ? base : `${base}/${tab}`,
          label: t(`tabs.${tab}`),
        }))}
      />
      <div className={classes.view}>
        <Suspense fallback={<PageSkeleton />}>
          {current === "timeline" && <Timeline vehicle={vehicle} />}
          {current === "sums" && <SumsView vehicle={vehicle} />}
          {current === "battery" && <BatteryView vehicle={vehicle} />}
          {current === "places" && <PlacesView />}
          {current === "alerts" && <RulesView vehicle={vehicle} />}
        </Suspense>
      </div>
    </>
  );
}
