import { Anchor, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "../../components/charts/useFormat";
import { useMoments } from "../../components/forms/moments";
import { Reading } from "../../components/Reading";
import { type TypeAnswer, useRecordTypes } from "../../data/history";
import classes from "./Records.module.css";

/** The types of records that there are, with how many, how large and from when. */
export function TypeList({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("records");
  const reading = useRecordTypes(vehicle);
  const { data } = reading;
  return (
    <>
      <Reading title={t("failed")} query={reading} />
      {data !== undefined && <Types types={data} />}
    </>
  );
}

type Known = Pick<TypeAnswer, "type" | "records" | "bytes" | "first" | "last">;

/** Types of records, each a link to its own. */
export function Types({ types }: { types: readonly Known[] }) {
  const { t } = useTranslation("records");
  return (
    <>
      {types.length === 0 && <Text c="dimmed">{t("none")}</Text>}
      <ul className={classes.list}>
        {types.map((each) => (
          <Type key={each.type} type={each} />
        ))}
      </ul>
    </>
  );
}

/** Types that have a name beside that of the protocol. */
const NAMED = {
  "*-LOG-Trip": "trip",
  "*-LOG-Grid": "grid",
  "*-Log-Notification": "alert",
  "*-OVMS-Connection": "connection",
  D: "D",
  F: "F",
  L: "L",
  S: "S",
  V: "V",
  W: "W",
} as const;

function Type({ type }: { type: Known }) {
  const { t } = useTranslation("records");
  const format = useFormat();
  const { bytes } = useMoments();
  const name = NAMED[type.type as keyof typeof NAMED];
  return (
    <li className={classes.item}>
      <Anchor component={Link} to={`?${new URLSearchParams({ type: type.type })}`} fw={650}>
        {type.type}
      </Anchor>
      {name !== undefined && <Text size="sm">{t(`types.${name}`)}</Text>}
      <Text size="sm" c="dimmed">
        {t("count", { count: type.records })}
        {" · "}
        {bytes(type.bytes)}
      </Text>
      <Text size="sm" c="dimmed">
        {t("span", { first: format.dateTime(type.first), last: format.dateTime(type.last) })}
      </Text>
    </li>
  );
}
