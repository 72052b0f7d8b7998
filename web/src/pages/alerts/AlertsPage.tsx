import { NativeSelect, SegmentedControl, Stack, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";
import { PushCard } from "../../components/push/PushCard";
import { usePageTitle } from "../../components/usePageTitle";
import { ZoneNote } from "../../components/ZoneNote";
import { ALL_ALERTS } from "../../data/alerts";
import { isDeviceCar } from "../../data/device/cars";
import { useLiveVehicles } from "../../data/live/useLiveVehicles";
import { vehicleKey } from "../../data/queries";
import { useVehicles } from "../../data/vehicles";
import { AllAlerts, CarAlerts, OtherAlerts } from "./AlertLists";
import { AlertsWanted } from "./AlertsWanted";
import { KINDS, paramsOf, type Shown, shownOf } from "./filter";

const ALL = "all";

/** What a car has told: the new ones first. */
export default function AlertsPage() {
  const { t } = useTranslation("alerts");
  const { vehicle = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const shown = shownOf(params);
  const change = (next: Shown) => setParams(paramsOf(next), { replace: true });
  usePageTitle(t("title"));
  useNewAlerts();
  const isElsewhere = isDeviceCar(vehicle) && !shown.ofAll;
  return (
    <Stack p="lg" gap="md" maw={720}>
      <Title order={1} size="h2">
        {t("title")}
      </Title>
      <Filters shown={shown} onChange={change} />
      {isElsewhere && <OtherAlerts vehicle={vehicle} kind={shown.kind} />}
      {!isElsewhere && !shown.ofAll && (
        <CarAlerts key={vehicle} vehicle={vehicle} kind={shown.kind} />
      )}
      {shown.ofAll && <AllAlerts kind={shown.kind} />}
      <ZoneNote />
      {!isElsewhere && (
        <>
          <PushCard />
          <AlertsWanted vehicle={vehicle} />
        </>
      )}
    </Stack>
  );
}

/** Ask for a car's alerts again when the server tells of a new one. */
function useNewAlerts() {
  const client = useQueryClient();
  const newest = useLiveVehicles().alerts[0];
  const id = newest?.id;
  const vehicle = newest?.vehicle_id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each alert has another id
  useEffect(() => {
    if (vehicle === undefined) return;
    void client.invalidateQueries({ queryKey: vehicleKey(vehicle, "alerts") });
    void client.invalidateQueries({ queryKey: ALL_ALERTS });
  }, [client, id, vehicle]);
}

interface FiltersProps {
  shown: Shown;
  onChange: (shown: Shown) => void;
}

function Filters({ shown, onChange }: FiltersProps) {
  const { t } = useTranslation("alerts");
  const { data: vehicles = [] } = useVehicles();
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label={t("filter.kind")}
        value={shown.kind ?? ALL}
        onChange={(kind) =>
          onChange({ ...shown, kind: KINDS.find((each) => each === kind) ?? null })
        }
        data={([ALL, ...KINDS] as const).map((kind) => ({
          value: kind,
          label: t(`filter.${kind}`),
        }))}
      />
      {vehicles.length > 1 && (
        <NativeSelect
          maw={240}
          label={t("filter.cars")}
          value={shown.ofAll ? ALL : "this"}
          onChange={({ currentTarget: { value } }) => onChange({ ...shown, ofAll: value === ALL })}
          data={[
            { value: "this", label: t("filter.this") },
            { value: ALL, label: t("filter.allCars") },
          ]}
        />
      )}
    </Stack>
  );
}
