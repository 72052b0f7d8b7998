import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import classes from "./Chart.module.css";
import { groundOf } from "./colours";

export interface Dot {
  key: string | number;
  x: number;
  y: number;
}

interface Axis {
  /** With its unit. */
  text: (value: number) => string;
}

interface Props {
  /** What it shows, for whoever does not see it. */
  label: string;
  dots: readonly Dot[];
  /** Means, drawn as a line through them. */
  means: readonly Dot[];
  colour: string;
  x: Axis;
  y: Axis;
  height?: number;
}

const LEFT = 64;
const BOTTOM = 24;
const RIGHT = 24;
const TOP = 12;

/** What depends on what: a dot each, and the line of their means. */
export function Scatter({ label, dots, means, colour, x, y, height = 240 }: Props) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const ground = groundOf(useComputedColorScheme("light"));
  const all = [...dots, ...means];
  const [left, right] = ends(all.map((each) => each.x));
  const [low, high] = ends(all.map((each) => each.y));
  const placeX = (value: number) =>
    LEFT + ((value - left) / (right - left)) * Math.max(width - LEFT - RIGHT, 1);
  const placeY = (value: number) =>
    height - BOTTOM - ((value - low) / (high - low)) * (height - BOTTOM - TOP);
  const line = means.map((each) => `${placeX(each.x)} ${placeY(each.y)}`).join("L");
  return (
    <div ref={ref} className={classes.bars} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          {ticks(low, high).map((value) => (
            <g key={`y${value}`}>
              <line
                x1={LEFT}
                x2={width - RIGHT}
                y1={placeY(value)}
                y2={placeY(value)}
                stroke={ground.grid}
              />
              <text x={LEFT - 6} y={placeY(value) + 4} textAnchor="end">
                {y.text(value)}
              </text>
            </g>
          ))}
          {ticks(left, right).map((value) => (
            <text key={`x${value}`} x={placeX(value)} y={height - 6} textAnchor="middle">
              {x.text(value)}
            </text>
          ))}
          {dots.map((each) => (
            <circle
              key={each.key}
              cx={placeX(each.x)}
              cy={placeY(each.y)}
              r={3.5}
              fill={colour}
              fillOpacity={0.45}
            />
          ))}
          {means.length > 1 && <path d={`M${line}`} fill="none" stroke={colour} strokeWidth={2} />}
        </svg>
      )}
    </div>
  );
}

/** Return the ends of an axis that shows all values, with some room. */
function ends(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = Math.max((high - low) * 0.08, 0.5);
  return [low - pad, high + pad];
}

/** Return round values within an axis, about four. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => {
    return Number(((first + index) * step).toPrecision(12));
  });
}
