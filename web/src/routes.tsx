import { lazy, type ReactNode } from "react";
import { Navigate, Route, Routes } from "react-router";
import { KnownVehicle } from "./components/KnownVehicle";
import { PageSkeleton } from "./components/PageSkeleton";
import { RequireSession } from "./components/RequireSession";
import { Shell } from "./components/Shell";
import { useVehicleId } from "./components/useVehicleId";
import { useVehicles } from "./data/vehicles";

const AccountPage = lazy(() => import("./pages/account/AccountPage"));
const AdminPage = lazy(() => import("./pages/admin/AdminPage"));
const AlertsPage = lazy(() => import("./pages/alerts/AlertsPage"));
const CarPage = lazy(() => import("./pages/car/CarPage"));
const CarsPage = lazy(() => import("./pages/car/CarsPage"));
const CarSettingsPage = lazy(() => import("./pages/setup/CarSettingsPage"));
const ChartsPage = lazy(() => import("./pages/charts/ChartsPage"));
const ControlsPage = lazy(() => import("./pages/controls/ControlsPage"));
const DemoPage = lazy(() => import("./pages/login/DemoPage"));
const EmailPage = lazy(() => import("./pages/login/EmailPage"));
const FirstRunPage = lazy(() => import("./pages/setup/FirstRunPage"));
const JourneysPage = lazy(() => import("./pages/journeys/JourneysPage"));
const LinkedPage = lazy(() => import("./pages/map/LinkedPage"));
const LoginPage = lazy(() => import("./pages/login/LoginPage"));
const MapPage = lazy(() => import("./pages/map/MapPage"));
const MorePage = lazy(() => import("./pages/more/MorePage"));
const NotFoundPage = lazy(() => import("./pages/more/NotFoundPage"));
const RecordsPage = lazy(() => import("./pages/records/RecordsPage"));
const RegisterPage = lazy(() => import("./pages/login/RegisterPage"));
const ResetPage = lazy(() => import("./pages/login/ResetPage"));
const SetupPage = lazy(() => import("./pages/setup/SetupPage"));

/** The pages of a car, by what stands behind `/cars/ID/`. A page may have more below it. */
const CAR_PAGES: Record<string, ReactNode> = {
  map: <MapPage />,
  "journeys/*": <JourneysPage />,
  charts: <ChartsPage />,
  alerts: <AlertsPage />,
  "controls/*": <ControlsPage />,
  records: <RecordsPage />,
  "settings/*": <CarSettingsPage />,
};

/** All addresses of the app. */
export function AppRoutes() {
  return (
    <Routes>
      <Route path="/login" element={<LoginPage />} />
      <Route path="/first-run" element={<FirstRunPage />} />
      <Route path="/register" element={<RegisterPage />} />
      <Route path="/reset" element={<ResetPage />} />
      <Route path="/demo" element={<DemoPage />} />
      <Route path="/live/:secret" element={<LinkedPage />} />
      <Route element={<RequireSession />}>
        <Route path="/email" element={<EmailPage />} />
        <Route element={<Shell />}>
          <Route index element={<LastCar />} />
          <Route path="/cars" element={<CarsPage />} />
          <Route path="/cars/add-other" element={<CarsPage />} />
          <Route path="/cars/:vehicle" element={<KnownVehicle />}>
            <Route index element={<CarPage />} />
            {Object.entries(CAR_PAGES).map(([path, page]) => (
              <Route key={path} path={path} element={page} />
            ))}
          </Route>
          <Route path="/setup/*" element={<SetupPage />} />
          <Route path="/account/*" element={<AccountPage />} />
          <Route path="/admin/*" element={<AdminPage />} />
          <Route path="/more" element={<MorePage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Route>
    </Routes>
  );
}

/** Open the car that was opened last; where there is none the set-up, or why that is not known. */
function LastCar() {
  const vehicle = useVehicleId();
  const { data: vehicles, isPending } = useVehicles();
  if (isPending) return <PageSkeleton />;
  if (vehicle !== null) return <Navigate to={`/cars/${encodeURIComponent(vehicle)}`} replace />;
  return <Navigate to={vehicles === undefined ? "/cars" : "/setup"} replace />;
}
