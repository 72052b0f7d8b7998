import { Button, Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { PresenceLine } from "../../components/car/PresenceLine";
import { PageSkeleton } from "../../components/PageSkeleton";
import { Reading } from "../../components/Reading";
import { useAlerts, useAllAlerts } from "../../data/alerts";
import { useReadMark } from "../../data/device/readAlerts";
import { useVehicle } from "../../data/live/useVehicle";
import { AlertSections } from "./AlertSections";
import { isNew, type Kind } from "./filter";

const filterOf = (kind: Kind | null) => (kind === null ? {} : { kind: [kind] });

/** The alerts of one car, older ones a page at a time. */
export function CarAlerts({ vehicle, kind }: { vehicle: string; kind: Kind | null }) {
  const { t } = useTranslation("alerts");
  const list = useAlerts(vehicle, filterOf(kind));
  const items = list.data?.items;
  // A filter shows but some of them: only the whole list says what was read.
  const mark = useReadMark(vehicle, kind === null ? items?.[0]?.time : undefined);
  const alerts = useMemo(
    () => (items ?? []).map((each) => ({ ...each, vehicle_id: vehicle, isNew: isNew(each, mark) })),
    [items, vehicle, mark],
  );
  if (list.isPending || mark === undefined) return <PageSkeleton />;
  return (
    <>
      <Reading title={t("failed")} query={list} />
      <AlertSections alerts={alerts} ofAll={false} />
      {list.isSuccess && alerts.length === 0 && <None kind={kind} />}
      <Older list={list} />
    </>
  );
}

/** The alerts of all cars of the caller, older ones a page at a time. */
export function AllAlerts({ kind }: { kind: Kind | null }) {
  const { t } = useTranslation("alerts");
  const list = useAllAlerts(filterOf(kind));
  const alerts = (list.data?.items ?? []).map((each) => ({ ...each, isNew: false }));
  return (
    <>
      <Reading title={t("failed")} query={list} />
      <AlertSections alerts={alerts} ofAll />
      {list.isSuccess && alerts.length === 0 && <None kind={kind} />}
      <Older list={list} />
    </>
  );
}

/** Asks for the next page of a list, where there is one. */
function Older({ list }: { list: ReturnType<typeof useAlerts | typeof useAllAlerts> }) {
  const { t } = useTranslation("alerts");
  if (!list.hasNextPage) return null;
  return (
    <Button
      variant="default"
      w="fit-content"
      loading={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {t("older")}
    </Button>
  );
}

/** What a car of another server has told since it was opened here: nobody else keeps it for us. */
export function OtherAlerts({ vehicle, kind }: { vehicle: string; kind: Kind | null }) {
  const { t } = useTranslation("alerts");
  const view = useVehicle(vehicle);
  const alerts = view.alerts
    .filter((each) => kind === null || each.kind === kind)
    .map((each) => ({ ...each, isNew: false }));
  return (
    <>
      <PresenceLine view={view} />
      <AlertSections alerts={alerts} ofAll={false} />
      <Text c="dimmed">{t("elsewhere")}</Text>
    </>
  );
}

function None({ kind }: { kind: Kind | null }) {
  const { t } = useTranslation("alerts");
  return <Text c="dimmed">{kind === null ? t("none") : t("noneOfKind")}</Text>;
}
