import {
  IconBell,
  IconCar,
  IconChartLine,
  IconDots,
  IconMap,
  IconRoute,
  IconSteeringWheel,
} from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, Outlet, useLocation } from "react-router";
import { useBeside } from "./beside/useBeside";
import { ErrorBoundary } from "./ErrorBoundary";
import { NewVersion } from "./NewVersion";
import { PageSkeleton } from "./PageSkeleton";
import { ProofDialog } from "./ProofDialog";
import { pageOf } from "./pageOf";
import { useRenewPush } from "./push/useRenewPush";
import classes from "./Shell.module.css";
import { MAIN } from "./useFocusBack";
import { useVehicleId } from "./useVehicleId";
import { VehicleSwitch } from "./VehicleSwitch";

/** Only where there is room, and not before the page itself. */
const Beside = lazy(() => import("./beside/Beside"));

/** The pages of a car that the bar leads to; `wide`: only where there is room. */
const PAGES = [
  { key: "car", path: "", Icon: IconCar, wide: false },
  { key: "map", path: "/map", Icon: IconMap, wide: false },
  { key: "journeys", path: "/journeys", Icon: IconRoute, wide: false },
  { key: "charts", path: "/charts", Icon: IconChartLine, wide: true },
  { key: "alerts", path: "/alerts", Icon: IconBell, wide: false },
  { key: "controls", path: "/controls", Icon: IconSteeringWheel, wide: true },
] as const;

/** What is around each page: the switch of cars, and the bar that leads to the others. */
export function Shell() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const page = pageOf(pathname);
  const main = useFocusOnPage(page);
  const beside = useBeside(pathname, useVehicleId());
  useRenewPush();
  return (
    <div className={`${classes.shell} ${beside === null ? "" : classes.withBeside}`}>
      <a className="skip-link" href={`#${MAIN}`}>
        {t("skip")}
      </a>
      <header className={classes.top}>
        <VehicleSwitch />
      </header>
      <Bar />
      <main id={MAIN} ref={main} tabIndex={-1} className={classes.content}>
        <NewVersion />
        <ErrorBoundary key={page}>
          <Suspense fallback={<PageSkeleton />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
      {beside !== null && (
        <aside className={classes.beside} aria-label={t("nav.beside")}>
          {beside.vehicle !== null && (
            <ErrorBoundary key={beside.vehicle}>
              <Suspense fallback={null}>
                <Beside vehicle={beside.vehicle} isMapOnly={beside.isMapOnly} />
              </Suspense>
            </ErrorBoundary>
          )}
        </aside>
      )}
      <ProofDialog />
    </div>
  );
}

function Bar() {
  const { t } = useTranslation();
  const vehicle = useVehicleId();
  const base = vehicle === null ? null : `/cars/${encodeURIComponent(vehicle)}`;
  return (
    <nav className={classes.bar} aria-label={t("nav.label")}>
      {PAGES.map(({ key, path, Icon, wide }) => (
        <NavLink
          key={key}
          to={base === null ? "/" : `${base}${path}`}
          end={path === "" || base === null}
          className={`${classes.link} ${wide ? classes.wide : ""}`}
        >
          <Icon size={24} stroke={1.5} aria-hidden />
          {t(`nav.${key}`)}
        </NavLink>
      ))}
      <NavLink to="/more" className={`${classes.link}`}>
        <IconDots size={24} stroke={1.5} aria-hidden />
        {t("nav.more")}
      </NavLink>
    </nav>
  );
}

/** Put the focus into the page when another one opens, so that the keyboard goes on from there. */
function useFocusOnPage(page: string) {
  const main = useRef<HTMLElement>(null);
  const before = useRef(page);
  useEffect(() => {
    if (before.current === page) return;
    before.current = page;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [page]);
  return main;
}
