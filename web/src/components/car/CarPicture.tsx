import {
  IconBellRinging,
  IconKey,
  IconLock,
  IconLockOpen,
  IconQuestionMark,
} from "@tabler/icons-react";
import { memo } from "react";
import { sayTheSame } from "../sayTheSame";
import { CarFrame } from "./CarFrame";
import classes from "./CarPicture.module.css";
import { DOORS, type Parts } from "./parts";
import {
  type Body,
  bonnet,
  bootLid,
  chargePort,
  HEIGHT,
  headlight,
  MIDDLE,
  SHAPES,
  type Shape,
  WIDTH,
} from "./shapes";

interface Props {
  body: Body;
  /** A colour of CSS. */
  tint: string;
  parts: Parts;
  /** The same in words, for those who do not see it. */
  label: string;
}

/** How far an open door swings out, in degrees, and how thick it is. */
const SWING = 42;
const THICKNESS = 7;
/** What is left of a lid, seen from above, when it stands up. */
const LIFTED = 0.35;

/** Shows a car from above: what is open stands out, what is unknown is dashed, what is old is grey. */
export const CarPicture = memo(function CarPicture({ body, tint, parts, label }: Props) {
  const shape = SHAPES[body];
  const style = { "--tint": tint } as React.CSSProperties;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
      className={`${classes.picture} ${parts.isOld ? classes.old : ""}`}
      style={style}
    >
      <CarFrame shape={shape} />
      {parts.headlights === true && <Headlights shape={shape} />}
      <Lid path={bonnet(shape)} hinge={shape.screen[0] + 14} is={parts.bonnet} />
      <Lid path={bootLid(shape)} hinge={shape.lid} is={parts.trunk} />
      <Doors shape={shape} parts={parts} />
      <Port shape={shape} parts={parts} />
      <Badge shape={shape} parts={parts} />
    </svg>
  );
}, sayTheSame);

/** Return the look of what is open, closed, or unknown. */
function look(is: boolean | null): string {
  if (is === null) return classes.unknown ?? "";
  return (is ? classes.open : classes.closed) ?? "";
}

function Lid({ path, hinge, is }: { path: string; hinge: number; is: boolean | null }) {
  if (is !== true) return <path d={path} className={look(is)} />;
  return (
    <>
      <path d={path} className={classes.bay} />
      <g transform={`translate(${hinge} 0) scale(${LIFTED} 1) translate(${-hinge} 0)`}>
        <path d={path} className={classes.open} />
      </g>
    </>
  );
}

function Doors({ shape, parts }: { shape: Shape; parts: Parts }) {
  return DOORS.map((door) => {
    const [end, side] = door.split("_");
    const edges = shape.doors[end === "front" ? 0 : 1];
    if (edges === undefined) return null;
    const [rear, front] = edges;
    const isLeft = side === "left";
    const y = isLeft ? MIDDLE - shape.half + 1 : MIDDLE + shape.half - 1 - THICKNESS;
    const is = parts.doors[door];
    const swing = `rotate(${isLeft ? SWING : -SWING} ${front} ${isLeft ? y : y + THICKNESS})`;
    return (
      <rect
        key={door}
        x={rear}
        y={y}
        width={front - rear}
        height={THICKNESS}
        rx={3}
        className={look(is)}
        {...(is === true ? { transform: swing } : {})}
      />
    );
  });
}

function Headlights({ shape }: { shape: Shape }) {
  const { x, off } = headlight(shape);
  return [-1, 1].map((side) => {
    const y = MIDDLE + side * off;
    return (
      <g key={side}>
        <path d={`M${x + 8} ${y}L${WIDTH} ${y - 26}V${y + 26}Z`} className={classes.beam} />
        <ellipse cx={x} cy={y} rx={11} ry={5} className={classes.lit} />
      </g>
    );
  });
}

/** Dots along the cable, which light up one after the other, towards the car. */
const FLOW = [classes.flowFirst, classes.flowSecond, classes.flowThird].map(
  (turn) => `${classes.flow} ${turn}`,
);

function Port({ shape, parts }: { shape: Shape; parts: Parts }) {
  const { x, y } = chargePort(shape);
  const cable = `M${x} ${y}V${y - 14}Q${x} ${y - 30} ${x - 18} ${y - 30}H0`;
  const state = parts.chargePort === true ? classes.portOpen : look(parts.chargePort);
  return (
    <>
      {parts.plug === true && <path d={cable} className={classes.cable} />}
      {parts.plug === true &&
        parts.charging === true &&
        FLOW.map((className) => <path key={className} d={cable} className={className} />)}
      <circle cx={x} cy={y + 8} r={6} className={`${classes.port} ${state}`} />
    </>
  );
}

/** Shows on the roof whether the car is locked, whether it is somebody's guest, and its alarm. */
function Badge({ shape, parts }: { shape: Shape; parts: Parts }) {
  const x = (shape.screen[1] + shape.back[1]) / 2;
  const Icon = parts.locked === null ? IconQuestionMark : parts.locked ? IconLock : IconLockOpen;
  const other = parts.alarm ? IconBellRinging : parts.valet ? IconKey : null;
  const icons = [Icon, ...(other === null ? [] : [other])];
  return (
    <>
      {parts.alarm && <circle cx={x} cy={MIDDLE} r={42} className={classes.alarm} />}
      {icons.map((Each, at) => {
        const middle = x + (at - (icons.length - 1) / 2) * 40;
        return (
          <g key={middle} color="var(--mantine-color-text)">
            <circle cx={middle} cy={MIDDLE} r={17} className={classes.badge} />
            <Each x={middle - 11} y={MIDDLE - 11} size={22} stroke={1.75} />
          </g>
        );
      })}
    </>
  );
}
