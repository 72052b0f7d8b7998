import { memo } from "react";
import classes from "./CarPicture.module.css";
import { headlight, MIDDLE, outline, pane, type Shape, sidePane } from "./shapes";

const SIDES = [-1, 1] as const;

/** Draws what does not change of a car: wheels, body, windows, lamps, mirrors. */
export const CarFrame = memo(function CarFrame({ shape }: { shape: Shape }) {
  const { half, axles, screen, rear, tail } = shape;
  const lamp = headlight(shape);
  return (
    <>
      {SIDES.map((side) =>
        axles.map((x) => (
          <rect
            key={`${side} ${x}`}
            x={x - 22}
            y={MIDDLE + side * (half - 3) - 7}
            width={44}
            height={14}
            rx={5}
            className={classes.wheel}
          />
        )),
      )}
      {SIDES.map((side) => (
        <ellipse
          key={side}
          cx={screen[0] - 16}
          cy={MIDDLE + side * (half + 5)}
          rx={7}
          ry={5}
          className={classes.body}
        />
      ))}
      <path d={outline(shape)} className={classes.body} />
      {SIDES.map((side) => (
        <path key={side} d={sidePane(shape, side)} className={classes.glass} />
      ))}
      <path d={pane(shape.screen, half)} className={classes.glass} />
      <path d={pane(shape.back, half)} className={classes.glass} />
      {SIDES.map((side) => (
        <g key={side}>
          <ellipse
            cx={lamp.x}
            cy={MIDDLE + side * lamp.off}
            rx={11}
            ry={5}
            className={classes.lamp}
          />
          <ellipse
            cx={rear + tail * 0.4 + 3}
            cy={MIDDLE + side * half * 0.74}
            rx={4}
            ry={8}
            className={classes.tailLamp}
          />
        </g>
      ))}
    </>
  );
});
