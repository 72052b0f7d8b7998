import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import type { Format } from "./format";
import { listenToFingers } from "./gestures";
import classes from "./Plot.module.css";
import { dataOf, optionsOf, type PlotLine, type Shade } from "./plotOptions";
import { nearest, type Span, zoomed } from "./span";

interface Props {
  /** Seconds, rising; all lines have a value or null for each. */
  times: readonly number[];
  lines: readonly PlotLine[];
  unit: string;
  span: Span;
  shades: readonly Shade[];
  height: number;
  hasTimes: boolean;
  format: Format;
  /** The index of the moment that is marked, on all plots of a chart. */
  marked: number | null;
  onMark: (index: number | null) => void;
  onSpan?: ((span: Span) => void) | undefined;
}

/** Lines over time, drawn on a canvas. What it shows is said in words and numbers beside it. */
export function Plot(props: Props) {
  const { times, lines, unit, span, shades, height, hasTimes, format, marked } = props;
  const scheme = useComputedColorScheme("light");
  const { ref: measure, width } = useElementSize<HTMLDivElement>();
  const box = useRef<HTMLDivElement>(null);
  const merged = useMergedRef(measure, box);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const kinds = lines.map(({ key, colour, isDashed }) => `${key}${colour}${isDashed}`).join(" ");

  // The plot is made anew when it looks otherwise; new values and spans are put into it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: lines are read when their kinds change
  useEffect(() => {
    const element = box.current;
    if (element === null || width === 0) return;
    const now = latest.current;
    const options = optionsOf(
      now.lines,
      { width, height, unit, scheme, format, hasTimes },
      {
        span: () => latest.current.span,
        shades: () => latest.current.shades,
        onIndex: (index) => latest.current.onMark(index),
        onSelect: (wanted) => latest.current.onSpan?.(wanted),
      },
    );
    const made = new uPlot(options, dataOf(now.times, now.lines), element);
    plot.current = made;
    const quiet = listen(made, latest);
    return () => {
      quiet();
      made.destroy();
      plot.current = null;
    };
  }, [width, height, unit, scheme, format, hasTimes, kinds]);

  useEffect(() => {
    plot.current?.setData(dataOf(times, lines), true);
  }, [times, lines]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new span or shade is drawn
  useEffect(() => {
    plot.current?.setScale("x", { min: span.since, max: span.until });
  }, [span.since, span.until, shades]);

  useEffect(() => {
    const drawn = plot.current;
    if (drawn === null) return;
    const time = marked === null ? undefined : times[marked];
    const left = time === undefined ? -10 : drawn.valToPos(time, "x");
    drawn.setCursor({ left, top: time === undefined ? -10 : 0 }, false);
  }, [marked, times]);

  return <div ref={merged} className={classes.plot} style={{ height }} aria-hidden />;
}

/** Listen to wheel and fingers; return what ends it. */
function listen(plot: uPlot, latest: { current: Props }): () => void {
  const { over } = plot;
  const wheel = (event: WheelEvent) => {
    const { span, onSpan } = latest.current;
    if (onSpan === undefined || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const { left, width } = over.getBoundingClientRect();
    onSpan(
      zoomed(span, event.deltaY > 0 ? 1.25 : 0.8, (event.clientX - left) / Math.max(width, 1)),
    );
  };
  over.addEventListener("wheel", wheel, { passive: false });
  const quiet = listenToFingers(over, {
    span: () => latest.current.span,
    onPoint: (part) => {
      const { span, times, onMark } = latest.current;
      onMark(nearest(times, span.since + part * (span.until - span.since)));
    },
    onSpan: (wanted) => latest.current.onSpan?.(wanted),
  });
  return () => {
    over.removeEventListener("wheel", wheel);
    quiet();
  };
}
