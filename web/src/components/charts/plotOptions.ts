import uPlot from "uplot";
import { groundOf, type Scheme } from "./colours";
import type { Format } from "./format";
import type { Values } from "./segments";
import type { Span } from "./span";

/** One line of a plot, in the unit that the reader sees. */
export interface PlotLine {
  key: string;
  label: string;
  colour: string;
  /** As told. */
  told: Values;
  /** Carried on: drawn as dashes. */
  held?: Values;
  /** The least and the highest of each moment, where values were thinned. */
  low?: Values;
  high?: Values;
  isDashed?: boolean;
}

/** What the car did meanwhile, behind the lines. */
export interface Shade extends Span {
  kind: "trip" | "charge";
}

export interface Look {
  width: number;
  height: number;
  unit: string;
  scheme: Scheme;
  format: Format;
  /** Whether times stand below. */
  hasTimes: boolean;
}

interface Live {
  span: () => Span;
  shades: () => readonly Shade[];
  onIndex: (index: number | null) => void;
  onSelect: (span: Span) => void;
}

const FONT = '12px "Inter Variable", system-ui, sans-serif';

/** The room for numbers at the left, the same for all plots that stand below each other. */
const AXIS_WIDTH = 64;

/** Return the columns of lines as uPlot takes them: told, carried on, least and highest of each. */
export function dataOf(times: readonly number[], lines: readonly PlotLine[]): uPlot.AlignedData {
  const empty = () => new Array<null>(times.length).fill(null);
  const columns = lines.flatMap(({ told, held, low, high }) => [
    [...told],
    held === undefined ? empty() : [...held],
    low === undefined ? empty() : [...low],
    high === undefined ? empty() : [...high],
  ]);
  return [[...times], ...columns];
}

/** Return what uPlot needs to draw lines. */
export function optionsOf(lines: readonly PlotLine[], look: Look, live: Live): uPlot.Options {
  const ground = groundOf(look.scheme);
  return {
    width: look.width,
    height: look.height,
    legend: { show: false },
    tzDate: (time) => uPlot.tzDate(new Date(time * 1000), look.format.zone),
    padding: [8, 8, look.hasTimes ? 0 : 8, 0],
    cursor: {
      x: true,
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
    },
    scales: {
      x: { time: true, range: () => [live.span().since, live.span().until] },
      y: { range: (_plot, low, high) => rangeOf(low, high, look.unit) },
    },
    series: [{}, ...lines.flatMap(seriesOf)],
    bands: lines.map((line, index) => ({
      series: [index * 4 + 4, index * 4 + 3],
      fill: `${line.colour}2e`,
    })),
    axes: [timeAxis(look, ground), valueAxis(look, ground)],
    hooks: {
      drawClear: [(plot) => drawShades(plot, live.shades(), ground)],
      setCursor: [(plot) => live.onIndex(plot.cursor.idx ?? null)],
      setSelect: [(plot) => select(plot, live.onSelect)],
    },
  };
}

function seriesOf({ label, colour, isDashed = false }: PlotLine): uPlot.Series[] {
  const unseen: uPlot.Series = {
    scale: "y",
    stroke: "transparent",
    width: 0,
    points: { show: false },
  };
  return [
    {
      label,
      scale: "y",
      stroke: colour,
      width: 1.5,
      points: {
        show: true,
        size: 5,
        filter: ({ data }, line) => lonely(data[line] ?? [], data[line + 1] ?? []),
      },
      ...(isDashed ? { dash: [6, 4] } : {}),
    },
    { ...unseen, stroke: `${colour}b0`, width: 1, dash: [2, 4] },
    unseen,
    unseen,
  ];
}

type Column = ArrayLike<number | null | undefined>;

/** Return where no line leads to a value, told or carried on: it is drawn as a point. */
export function lonely(told: Column, held: Column): number[] {
  const found: number[] = [];
  const has = (values: Column, index: number) => (values[index] ?? null) !== null;
  for (let index = 0; index < told.length; index += 1) {
    const isJoined = has(told, index - 1) || has(told, index + 1) || has(held, index);
    if (has(told, index) && !isJoined) found.push(index);
  }
  return found;
}

/** Return the range of an axis: percents keep within 0 and 100, and a flat line has room around it. */
export function rangeOf(
  low: number | null,
  high: number | null,
  unit: string,
): [number | null, number | null] {
  if (low === null || high === null) return [0, 1];
  const pad = Math.max((high - low) * 0.08, Math.abs(high) * 0.01, 0.2);
  const floor = low >= 0 && low <= (high - low) / 2 ? 0 : low - pad;
  return unit === "%" ? [Math.max(floor, 0), Math.min(high + pad, 100.5)] : [floor, high + pad];
}

type Ground = ReturnType<typeof groundOf>;

function timeAxis({ format, hasTimes }: Look, { text, grid }: Ground): uPlot.Axis {
  return {
    show: true,
    stroke: text,
    font: FONT,
    size: hasTimes ? 32 : 0,
    space: 72,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    values: (_plot, splits, _axis, _space, step) =>
      hasTimes ? splits.map((time) => timeLabel(time, step, format)) : splits.map(() => ""),
  };
}

function valueAxis({ format, unit }: Look, { text, grid }: Ground): uPlot.Axis {
  return {
    stroke: text,
    font: FONT,
    size: AXIS_WIDTH,
    space: 32,
    gap: 4,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    values: (_plot, splits, _axis, _space, step) => {
      const digits = Math.min(`${step}`.split(".")[1]?.length ?? 0, 3);
      const short = unit.length <= 4 ? unit : "";
      return splits.map((value, index) => {
        const isTop = index === splits.length - 1;
        return `${format.plain(value, digits)}${isTop && short !== "" ? `\u00a0${short}` : ""}`;
      });
    },
  };
}

const DAY = 86_400;

/** Return what stands at a time of the axis: the hour, and the date where a day begins. */
export function timeLabel(time: number, step: number, { locale, zone }: Format): string {
  const when = new Date(time * 1000);
  const say = (options: Intl.DateTimeFormatOptions) =>
    when.toLocaleString(locale, { timeZone: zone, ...options });
  if (step >= 28 * DAY) return say({ month: "short", year: "2-digit" });
  if (step >= DAY) return say({ day: "numeric", month: "short" });
  const hour = say({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (hour === "00:00") return say({ day: "numeric", month: "short" });
  return step < 60
    ? say({ hour: "2-digit", minute: "2-digit", second: "2-digit" })
    : say({ hour: "2-digit", minute: "2-digit" });
}

function drawShades(plot: uPlot, shades: readonly Shade[], ground: Ground): void {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save();
  for (const { kind, since, until } of shades) {
    const from = Math.max(plot.valToPos(since, "x", true), left);
    const to = Math.min(plot.valToPos(until, "x", true), left + width);
    if (to <= from) continue;
    plot.ctx.fillStyle = ground[kind];
    plot.ctx.fillRect(from, top, Math.max(to - from, 1), height);
  }
  plot.ctx.restore();
}

function select(plot: uPlot, onSelect: (span: Span) => void): void {
  const { left, width } = plot.select;
  if (width < 8) return;
  const since = plot.posToVal(left, "x");
  const until = plot.posToVal(left + width, "x");
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onSelect({ since: Math.round(since), until: Math.round(until) });
}
