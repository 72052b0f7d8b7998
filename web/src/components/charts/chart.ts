// What a chart shows, before it is drawn.

import type { Format } from "./format";
import type { PlotLine } from "./plotOptions";
import { segmentsOf, type Values } from "./segments";

/** A line with its values in the API's unit, one for each time of the chart; null is unknown. */
export interface ChartLine {
  key: string;
  label: string;
  colour: string;
  values: Values;
  low?: Values;
  high?: Values;
  /** It says nothing of later, as a speed. */
  isFleeting?: boolean;
  /** Another span or vehicle that is compared. */
  isDashed?: boolean;
}

/** Lines with one unit, which share an axis. */
export interface ChartPanel {
  key: string;
  unit: string | null;
  lines: readonly ChartLine[];
}

/** Return lines as they are drawn: in the reader's unit, told apart from carried on. */
export function plotLines(
  { unit, lines }: ChartPanel,
  times: readonly number[],
  { convert }: Format,
): PlotLine[] {
  const inUnit = (values: Values) =>
    values.map((value) => (value === null ? null : convert(value, unit)));
  return lines.map((line) => ({
    key: line.key,
    label: line.label,
    colour: line.colour,
    ...segmentsOf(inUnit(line.values), { isFleeting: line.isFleeting ?? false, times }),
    ...(line.low === undefined ? {} : { low: inUnit(line.low) }),
    ...(line.high === undefined ? {} : { high: inUnit(line.high) }),
    ...(line.isDashed === undefined ? {} : { isDashed: line.isDashed }),
  }));
}

/** Return the newest value of a line that is not later than a moment; null if there is none. */
export function valueAt(line: ChartLine, index: number | null): number | null {
  if (index !== null) return line.values[index] ?? null;
  return line.values.findLast((value) => value !== null) ?? null;
}

/** Return the chart as CSV: units in the heads, times in UTC, decimal points, unknown is empty. */
export function csvOf(
  times: readonly number[],
  panels: readonly ChartPanel[],
  { convert, unit: unitOf }: Format,
): string {
  const columns = panels.flatMap(({ unit, lines }) =>
    lines.map(({ label, values }) => ({
      head: unit === null ? label : `${label} [${unitOf(unit)}]`,
      cell: (index: number) => {
        const value = values[index] ?? null;
        return value === null ? "" : String(rounded(convert(value, unit)));
      },
    })),
  );
  const rows = times.map((time, index) => [
    new Date(time * 1000).toISOString(),
    ...columns.map(({ cell }) => cell(index)),
  ]);
  return [["time", ...columns.map(({ head }) => quoted(head))], ...rows]
    .map((row) => `${row.join(",")}\r\n`)
    .join("");
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
