import { Alert, Anchor, Button, Text, TextInput } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useFailureText } from "../../components/car/control/useProgressText";
import { PresenceLine } from "../../components/car/PresenceLine";
import { PageSkeleton } from "../../components/PageSkeleton";
import { serverTime } from "../../data/clock";
import type { CommandDesk } from "../../data/live/types";
import { useCommand, useVehicle } from "../../data/live/useVehicle";
import {
  NotAnswered,
  type OtherRecord,
  useOtherDataUse,
  useOtherRecords,
  useOtherTypes,
} from "../../data/otherHistory";
import { UseOfDays } from "./DataUse";
import { paramsOf, type Shown } from "./filter";
import { RecordItem } from "./RecordItem";
import classes from "./Records.module.css";
import type { KeptProps } from "./RecordsPage";
import { Types } from "./TypeList";

/** Records that are shown at once. */
const STEP = 100;
const MONTH = 30 * 86_400_000;

/** What the server of a car keeps of it, where that is another one: asked for by the protocol. */
export function OtherRecords({ vehicle, shown, view }: KeptProps) {
  const { t } = useTranslation("records");
  const live = useVehicle(vehicle);
  const desk = useCommand(vehicle);
  return (
    <>
      <PresenceLine view={live} />
      <Text c="dimmed">{t("elsewhere")}</Text>
      {shown !== null && <OfType vehicle={vehicle} shown={shown} desk={desk} />}
      {shown === null && view === "records" && <TypesThere vehicle={vehicle} desk={desk} />}
      {shown === null && view === "data-use" && <UseThere vehicle={vehicle} desk={desk} />}
    </>
  );
}

interface Props {
  vehicle: string;
  desk: CommandDesk;
}

function TypesThere({ vehicle, desk }: Props) {
  const types = useOtherTypes(vehicle, desk);
  return <Asked answer={types}>{(found) => <Types types={found} />}</Asked>;
}

function UseThere({ vehicle, desk }: Props) {
  const days = useOtherDataUse(vehicle, desk);
  return <Asked answer={days}>{(found) => <UseOfDays use={found} />}</Asked>;
}

function OfType({ vehicle, shown, desk }: Props & { shown: Shown }) {
  const { t } = useTranslation("records");
  const [, setParams] = useSearchParams();
  const [month] = useState(() => new Date(serverTime() - MONTH).toISOString().slice(0, 10));
  const since = shown.since ?? month;
  const records = useOtherRecords(vehicle, desk, shown.type, since);
  return (
    <>
      <Anchor component={Link} to=".">
        {t("back")}
      </Anchor>
      <Text fw={650} component="h2" m={0}>
        {shown.type}
      </Text>
      <TextInput
        type="date"
        w="fit-content"
        label={t("filter.since")}
        value={since}
        onChange={({ currentTarget: { value } }) =>
          setParams(paramsOf({ ...shown, since: value === "" ? null : value }), { replace: true })
        }
      />
      <Asked answer={records}>{(found) => <Items key={since} records={found} />}</Asked>
    </>
  );
}

/** The newest first; older ones a step at a time. */
function Items({ records }: { records: readonly OtherRecord[] }) {
  const { t } = useTranslation("records");
  const [count, setCount] = useState(STEP);
  if (records.length === 0) return <Text c="dimmed">{t("noneChosen")}</Text>;
  return (
    <>
      <ul className={classes.list}>
        {records
          .toReversed()
          .slice(0, count)
          .map((record, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may be alike, and none has an id
            <RecordItem key={index} record={record} units={NO_UNITS} />
          ))}
      </ul>
      {count < records.length && (
        <Button variant="default" w="fit-content" onClick={() => setCount(count + STEP)}>
          {t("more")}
        </Button>
      )}
    </>
  );
}

const NO_UNITS = {};

interface AskedProps<T> {
  answer: UseQueryResult<T>;
  children: (found: T) => ReactNode;
}

/** What the other server answered, or why it did not. */
function Asked<T>({ answer, children }: AskedProps<T>) {
  const { t } = useTranslation("records");
  const { t: common } = useTranslation();
  const why = useFailureText();
  const { data, error, isPending, refetch } = answer;
  if (isPending) return <PageSkeleton />;
  return (
    <>
      {error !== null && (
        <Alert color="red" title={t("failed")}>
          <Text size="sm">
            {error instanceof NotAnswered ? why(error.run) : common("error.fault.text")}
          </Text>
          <Button variant="default" size="xs" mt="xs" onClick={() => void refetch()}>
            {common("error.retry")}
          </Button>
        </Alert>
      )}
      {data !== undefined && children(data)}
    </>
  );
}
