import { Group, Stack, Text } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, type RefObject, useMemo } from "react";
import classes from "./Chart.module.css";
import { type ChartPanel, plotLines, valueAt } from "./chart";
import type { Format } from "./format";
import { Plot } from "./Plot";
import type { PlotLine, Shade } from "./plotOptions";
import { Scrubber } from "./Scrubber";
import { type Span, zoomed } from "./span";

export interface ChartProps {
  /** What it shows, for whoever does not see it. */
  label: string;
  times: readonly number[];
  panels: readonly ChartPanel[];
  span: Span;
  format: Format;
  shades?: readonly Shade[];
  /** The index of the moment that is marked. */
  marked: number | null;
  onMark: (index: number | null) => void;
  onSpan?: (span: Span) => void;
  height?: number;
  /** Without a moment that is marked the last values are said: the chart ends now. */
  isLive?: boolean;
  box?: RefObject<HTMLDivElement | null>;
  children?: ReactNode;
}

const NO_SHADES: readonly Shade[] = [];

/** Plots below each other, one a unit, that share their times and the moment that is marked. */
export function Chart(props: ChartProps) {
  const { label, times, panels, span, format, marked, onMark, onSpan, box, children } = props;
  const drawn = useMemo(
    () => panels.map((panel) => plotLines(panel, times, format)),
    [panels, times, format],
  );
  const zoom = (event: KeyboardEvent) => {
    const factor = { "+": 0.5, "-": 2 }[event.key];
    if (factor === undefined || onSpan === undefined) return;
    event.preventDefault();
    const time = marked === null ? span.until : (times[marked] ?? span.until);
    onSpan(zoomed(span, factor, (time - span.since) / (span.until - span.since)));
  };
  return (
    <Stack gap="xs" role="group" aria-label={label} ref={box} onKeyDown={zoom}>
      {panels.map((panel, index) => (
        <div key={panel.key}>
          <Heads
            panel={panel}
            marked={marked}
            format={format}
            hasValues={marked !== null || props.isLive === true}
          />
          <Plot
            times={times}
            lines={drawn[index] ?? NO_LINES}
            unit={format.unit(panel.unit)}
            span={span}
            shades={props.shades ?? NO_SHADES}
            height={(props.height ?? 140) + (index === panels.length - 1 ? 32 : 0)}
            hasTimes={index === panels.length - 1}
            format={format}
            marked={marked}
            onMark={onMark}
            onSpan={onSpan}
          />
        </div>
      ))}
      <Scrubber times={times} panels={panels} format={format} marked={marked} onMark={onMark} />
      {children}
    </Stack>
  );
}

const NO_LINES: readonly PlotLine[] = [];

interface HeadsProps {
  panel: ChartPanel;
  marked: number | null;
  format: Format;
  hasValues: boolean;
}

/** The names of lines with their values at the moment that is marked, in place of a legend. */
function Heads({ panel, marked, format, hasValues }: HeadsProps) {
  return (
    <Group gap="md" wrap="wrap" className={classes.heads}>
      {panel.lines.map((line) => (
        <Text key={line.key} size="sm" className={classes.head} data-head>
          <span
            className={classes.swatch}
            style={{
              borderTopColor: line.colour,
              borderTopStyle: line.isDashed ? "dashed" : "solid",
            }}
            aria-hidden
          />
          {line.label}{" "}
          {hasValues && <strong>{format.quantity(valueAt(line, marked), panel.unit)}</strong>}
        </Text>
      ))}
    </Group>
  );
}
