import { SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";
import { usePageTitle } from "../../components/usePageTitle";
import { isDeviceCar } from "../../data/device/cars";
import { DataUse } from "./DataUse";
import { shownOf } from "./filter";
import { RecordList } from "./RecordList";
import { TypeList } from "./TypeList";

const VIEWS = ["records", "data-use"] as const;

/** What the server keeps of what a car has sent, and how much that was. */
export default function RecordsPage() {
  const { t } = useTranslation("records");
  const { vehicle = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const view = VIEWS.find((each) => each === params.get("view")) ?? "records";
  const shown = shownOf(params);
  usePageTitle(t("title"));
  if (isDeviceCar(vehicle)) {
    return (
      <Stack p="lg" gap="md" maw={960}>
        <Title order={1} size="h2">
          {t("title")}
        </Title>
        <Text c="dimmed">{t("elsewhere")}</Text>
      </Stack>
    );
  }
  return (
    <Stack p="lg" gap="md" maw={960}>
      <Title order={1} size="h2">
        {t("title")}
      </Title>
      {shown === null && (
        <SegmentedControl
          w="fit-content"
          aria-label={t("views.label")}
          value={view}
          onChange={(next) => setParams(next === "records" ? {} : { view: next })}
          data={VIEWS.map((value) => ({ value, label: t(`views.${value}`) }))}
        />
      )}
      {shown !== null && <RecordList vehicle={vehicle} shown={shown} />}
      {shown === null && view === "records" && <TypeList vehicle={vehicle} />}
      {shown === null && view === "data-use" && <DataUse vehicle={vehicle} />}
    </Stack>
  );
}
