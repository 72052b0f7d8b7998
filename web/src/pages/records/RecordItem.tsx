import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../components/charts/useFormat";
import type { RecordAnswer } from "../../data/history";
import { valueText } from "./filter";
import classes from "./Records.module.css";

interface Props {
  record: Pick<RecordAnswer, "time" | "number" | "data"> & Partial<Pick<RecordAnswer, "fields">>;
  units: Readonly<Record<string, string>>;
}

/** One record: what it says by name, else as the car has sent it. */
export function RecordItem({ record, units }: Props) {
  const { t } = useTranslation("records");
  const format = useFormat();
  const fields = Object.entries(record.fields ?? {});
  return (
    <li className={classes.item}>
      <Text size="sm">
        <time dateTime={record.time}>{format.dateTime(record.time)}</time>
        {" · "}
        {t("number", { number: format.plain(record.number) })}
      </Text>
      {fields.length > 0 && (
        <dl className={classes.fields}>
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{valueText(value, units[name], format.locale)}</dd>
            </div>
          ))}
        </dl>
      )}
      {fields.length === 0 && <p className={classes.data}>{record.data}</p>}
    </li>
  );
}
