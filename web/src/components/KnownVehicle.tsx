import { lazy, Suspense, useEffect } from "react";
import { Outlet, useParams } from "react-router";
import { forgetVehicle } from "../data/device/states";
import { useAccountName } from "../data/session";
import { useIsKnown } from "../data/vehicles";
import { PageSkeleton } from "./PageSkeleton";

const NoVehicle = lazy(() => import("./car/NoVehicle"));

/** Shows the pages of a vehicle, or that there is none, or none any more, for who is logged in. */
export function KnownVehicle() {
  const { vehicle = "" } = useParams();
  const account = useAccountName();
  const known = useIsKnown(vehicle);
  useEffect(() => {
    if (known === "no") void forgetVehicle(account, vehicle);
  }, [known, account, vehicle]);
  if (known === "yes") return <Outlet />;
  return (
    <Suspense fallback={<PageSkeleton />}>
      {known === "no" ? <NoVehicle /> : <PageSkeleton />}
    </Suspense>
  );
}
