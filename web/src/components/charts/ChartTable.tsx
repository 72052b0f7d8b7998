import { Table } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Chart.module.css";
import type { ChartPanel } from "./chart";
import type { Format } from "./format";

/** The most rows of a table; the CSV has all. */
const ROW_LIMIT = 300;

interface Props {
  times: readonly number[];
  panels: readonly ChartPanel[];
  format: Format;
}

/** The same numbers as a chart, to be read. It is made when it is opened. */
export function ChartTable({ times, panels, format }: Props) {
  const { t } = useTranslation("charts");
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("table")}</summary>
      {isOpen && <Rows times={times} panels={panels} format={format} />}
    </details>
  );
}

function Rows({ times, panels, format }: Props) {
  const { t } = useTranslation("charts");
  const lines = panels.flatMap(({ unit, lines }) => lines.map((line) => ({ ...line, unit })));
  const told = times
    .map((time, index) => ({ time, index }))
    .filter(({ index }) => lines.some(({ values }) => (values[index] ?? null) !== null));
  const step = Math.max(1, Math.ceil(told.length / ROW_LIMIT));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
    <section className={classes.table} aria-label={t("table")} tabIndex={0}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("time")}</Table.Th>
            {lines.map(({ key, label }) => (
              <Table.Th key={key} scope="col" ta="right">
                {label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {told
            .filter((_row, place) => place % step === 0)
            .map(({ time, index }) => (
              <Table.Tr key={time}>
                <Table.Td>{format.dateTime(time * 1000)}</Table.Td>
                {lines.map(({ key, values, unit }) => (
                  <Table.Td key={key} ta="right">
                    {format.quantity(values[index], unit)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
