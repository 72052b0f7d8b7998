import { SegmentedControl, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";
import { usePageTitle } from "../../components/usePageTitle";
import { ZoneNote } from "../../components/ZoneNote";
import { isDeviceCar } from "../../data/device/cars";
import { DataUse } from "./DataUse";
import { type Shown, shownOf } from "./filter";
import { OtherRecords } from "./OtherRecords";
import { RecordList } from "./RecordList";
import { TypeList } from "./TypeList";

const VIEWS = ["records", "data-use"] as const;
type View = (typeof VIEWS)[number];

/** What the server keeps of what a car has sent, and how much that was. */
export default function RecordsPage() {
  const { t } = useTranslation("records");
  const { vehicle = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const view = VIEWS.find((each) => each === params.get("view")) ?? "records";
  const shown = shownOf(params);
  const isElsewhere = isDeviceCar(vehicle);
  usePageTitle(t("title"));
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
      {isElsewhere && <OtherRecords vehicle={vehicle} shown={shown} view={view} />}
      {!isElsewhere && <Kept vehicle={vehicle} shown={shown} view={view} />}
      <ZoneNote />
    </Stack>
  );
}

export interface KeptProps {
  vehicle: string;
  /** Records of a type; null shows what there is. */
  shown: Shown | null;
  view: View;
}

/** What this server keeps. */
function Kept({ vehicle, shown, view }: KeptProps) {
  return (
    <>
      {shown !== null && <RecordList vehicle={vehicle} shown={shown} />}
      {shown === null && view === "records" && <TypeList vehicle={vehicle} />}
      {shown === null && view === "data-use" && <DataUse vehicle={vehicle} />}
    </>
  );
}
