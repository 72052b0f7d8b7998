import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate } from "react-router";
import { EmptyPage } from "../../components/EmptyPage";
import { PageSkeleton } from "../../components/PageSkeleton";
import { useErrorText } from "../../components/useErrorText";
import { usePageTitle } from "../../components/usePageTitle";
import { useLiveVehicles } from "../../data/live/useLiveVehicles";
import { useLogIn, useSession } from "../../data/session";
import { useVehicles } from "../../data/vehicles";
import { useWeb } from "../../data/web";
import { movingCar } from "./movingCar";

/** Logs in as the demo's owner, and opens a car that moves on the map. */
export default function DemoPage() {
  const { t } = useTranslation();
  const say = useErrorText();
  const { data: web, error } = useWeb();
  const { data: who, isPending } = useSession();
  const { mutate, isIdle, error: refused } = useLogIn();
  const demo = web?.demo ?? null;
  usePageTitle(t("demo.title"));
  useEffect(() => {
    if (demo === null || isPending || who?.owner === demo.owner || !isIdle) return;
    mutate({ name: demo.owner, password: demo.password });
  }, [demo, who, isPending, isIdle, mutate]);
  const failure = error ?? refused;
  if (failure) return <EmptyPage title={t("demo.title")} text={say(failure)} />;
  if (web && demo === null) return <EmptyPage title={t("demo.title")} text={t("demo.none")} />;
  return demo !== null && who?.owner === demo.owner ? <MovingCar /> : <PageSkeleton />;
}

/** How long the demo's cars have to say what they do, in milliseconds. */
const PATIENCE = 3000;

function MovingCar() {
  const { data: listed } = useVehicles();
  const live = useLiveVehicles();
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  if (listed === undefined) return <PageSkeleton />;
  const moving = movingCar(listed, live);
  const isWaiting = !isLate && live.connection.status !== "server_away";
  if (moving === undefined && isWaiting) return <PageSkeleton />;
  const shown = moving ?? listed.find(({ is_online }) => is_online) ?? listed[0];
  return (
    <Navigate
      to={shown === undefined ? "/" : `/cars/${encodeURIComponent(shown.id)}/map`}
      replace
    />
  );
}
