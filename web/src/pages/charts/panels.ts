// Fields over time as the panels of a chart: fields with the same unit share an axis.

import type { ChartLine, ChartPanel } from "../../components/charts/chart";
import { colourOf, type Scheme } from "../../components/charts/colours";
import { isFleeting } from "../../components/charts/segments";
import type { SeriesAnswer } from "../../data/series";

interface Words {
  /** The name of a field. */
  field: (name: string) => string;
  /** The name of the same field in the span that is compared. */
  earlier: (name: string) => string;
}

/** Return when each bucket begins, in seconds. */
export function timesOf({ times }: Pick<SeriesAnswer, "times">): number[] {
  return times.map((time) => Date.parse(time) / 1000);
}

/** Return the panels of an answer; `before` is the same of an earlier span, with as many buckets. */
export function panelsOf(
  fields: readonly string[],
  series: SeriesAnswer,
  before: SeriesAnswer | null,
  scheme: Scheme,
  words: Words,
): ChartPanel[] {
  const panels = new Map<string, { unit: string | null; lines: ChartLine[] }>();
  for (const name of fields) {
    const values = series.fields[name];
    if (values === undefined) continue;
    const key = values.unit ?? name;
    const panel = panels.get(key) ?? { unit: values.unit, lines: [] };
    panels.set(key, panel);
    const look = { colour: colourOf(name, scheme), isFleeting: isFleeting(name) };
    const { last, min, max } = values;
    panel.lines.push({
      key: name,
      label: words.field(name),
      values: last,
      low: min,
      high: max,
      ...look,
    });
    const old = before?.fields[name];
    if (old !== undefined) {
      panel.lines.push({
        key: `${name} earlier`,
        label: words.earlier(name),
        values: aligned(old.last, last.length),
        isDashed: true,
        ...look,
        colour: `${look.colour}99`,
      });
    }
  }
  return [...panels].map(([key, panel]) => ({ key, ...panel }));
}

/** Return values with as many buckets as another span has: the last ones are cut or unknown. */
function aligned(values: readonly (number | null)[], length: number): (number | null)[] {
  return Array.from({ length }, (_, index) => values[index] ?? null);
}
