import { useElementSize } from "@mantine/hooks";
import classes from "./Chart.module.css";

/** A part of a bar; parts stand on each other. */
export interface BarPart {
  key: string;
  colour: string;
  value: number;
}

export interface Bar {
  key: string;
  label: string;
  parts: readonly BarPart[];
  /** What stands above it; empty if nothing is known. */
  text: string;
}

interface Props {
  /** What it shows, for whoever does not see it; the numbers stand beside it as text. */
  label: string;
  bars: readonly Bar[];
  height?: number;
}

/** Pixels of a bar with its gap at least: more bars than fit are left out at the old end. */
const BAR_WIDTH = 48;
const TOP = 20;
const BOTTOM = 24;

/** Bars side by side, the newest at the right. */
export function Bars({ label, bars, height = 180 }: Props) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const shown = bars.slice(-Math.max(1, Math.floor(width / BAR_WIDTH)));
  const most = Math.max(...shown.map(sumOf), 1e-9);
  const step = Math.min(width / Math.max(shown.length, 1), 120);
  const room = height - TOP - BOTTOM;
  return (
    <div ref={ref} className={classes.bars} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          {shown.map((bar, index) => {
            const left = index * step;
            const centre = left + step / 2;
            const top = height - BOTTOM - (sumOf(bar) / most) * room;
            return (
              <g key={bar.key}>
                <Parts
                  bar={bar}
                  left={left + step * 0.15}
                  width={step * 0.7}
                  scale={room / most}
                  floor={height - BOTTOM}
                />
                <text className={classes.value} x={centre} y={top - 5} textAnchor="middle">
                  {bar.text}
                </text>
                <text x={centre} y={height - 6} textAnchor="middle">
                  {bar.label}
                </text>
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}

function sumOf({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

interface PartsProps {
  bar: Bar;
  left: number;
  width: number;
  scale: number;
  floor: number;
}

function Parts({ bar, left, width, scale, floor }: PartsProps) {
  let bottom = floor;
  return bar.parts.map(({ key, colour, value }) => {
    const height = value * scale;
    bottom -= height;
    return (
      <rect key={key} x={left} y={bottom} width={width} height={height} fill={colour} rx={2} />
    );
  });
}
