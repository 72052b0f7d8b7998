import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation } from "react-router";
import { useSession } from "../data/session";
import { EmptyPage } from "./EmptyPage";
import { PageSkeleton } from "./PageSkeleton";
import { useErrorText } from "./useErrorText";

/** Shows pages to whoever is logged in, and others the log-in, which leads back. */
export function RequireSession() {
  const { t } = useTranslation();
  const { data: who, error, isPending, refetch } = useSession();
  const { pathname, search, hash } = useLocation();
  const say = useErrorText();
  if (isPending) return <PageSkeleton />;
  if (who === null) {
    const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
    return <Navigate to={`/login${next}${hash}`} replace />; // a mailed code is behind the #
  }
  if (who === undefined && error !== null) {
    return (
      <main>
        <EmptyPage title="OVMS" text={say(error)}>
          <Button onClick={() => refetch()} w="fit-content">
            {t("error.retry")}
          </Button>
        </EmptyPage>
      </main>
    );
  }
  return <Outlet />;
}
