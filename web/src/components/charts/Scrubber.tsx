import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./Chart.module.css";
import { type ChartPanel, valueAt } from "./chart";
import type { Format } from "./format";

interface Props {
  times: readonly number[];
  panels: readonly ChartPanel[];
  format: Format;
  marked: number | null;
  onMark: (index: number | null) => void;
}

/** Goes through a chart by keyboard or thumb; a screen reader says each moment. */
export function Scrubber({ times, panels, format, marked, onMark }: Props) {
  const { t } = useTranslation("charts");
  const last = Math.max(times.length - 1, 0);
  const time = times[marked ?? last];
  if (time === undefined) return null;
  const values = panels.flatMap(({ unit, lines }) =>
    lines.map((line) => `${line.label} ${format.quantity(valueAt(line, marked ?? last), unit)}`),
  );
  return (
    <div>
      <input
        type="range"
        className={classes.scrubber}
        min={0}
        max={last}
        value={marked ?? last}
        onChange={(event) => onMark(event.currentTarget.valueAsNumber)}
        aria-label={t("moment")}
        aria-valuetext={[format.dateTime(time * 1000), ...values].join(", ")}
      />
      <Text size="sm" c="dimmed" className={classes.moment}>
        {marked === null ? t("momentHint") : format.dateTime(time * 1000)}
      </Text>
    </div>
  );
}
