import { Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { Groups } from "../../data/live/types";
import { sayTheSame } from "../sayTheSame";
import { CarFrame } from "./CarFrame";
import picture from "./CarPicture.module.css";
import { FactRows } from "./FactRows";
import { type Body, HEIGHT, SHAPES, WIDTH } from "./shapes";
import classes from "./Tyres.module.css";

type TyresGroup = NonNullable<Groups["tyres"]>;
type Wheel = TyresGroup["wheels"][number];

interface Props {
  wheels: readonly Wheel[];
  body: Body;
}

/** Where the wheels of a car are that has four; other names are listed below. */
const PLACES: Record<string, string | undefined> = {
  RL: classes.rearLeft,
  FL: classes.frontLeft,
  RR: classes.rearRight,
  FR: classes.frontRight,
};

/** Shows the tyres at their wheels. */
export const Tyres = memo(function Tyres({ wheels, body }: Props) {
  const write = useWheelText();
  const placed = wheels.filter(({ name }) => PLACES[name] !== undefined);
  const others = wheels.filter(({ name }) => PLACES[name] === undefined);
  return (
    <>
      {placed.length > 0 && (
        <div className={classes.car}>
          <svg viewBox={`0 30 ${WIDTH} ${HEIGHT - 60}`} aria-hidden className={classes.picture}>
            <g className={picture.outlineOnly}>
              <CarFrame shape={SHAPES[body]} />
            </g>
          </svg>
          {placed.map((wheel) => (
            <WheelText key={wheel.name} wheel={wheel} className={PLACES[wheel.name] ?? ""} />
          ))}
        </div>
      )}
      <FactRows facts={others.map((wheel) => ({ label: wheel.name, value: write(wheel) }))} />
    </>
  );
}, sayTheSame);

function WheelText({ wheel, className }: { wheel: Wheel; className: string }) {
  const { t } = useTranslation("car");
  const { temperature, pressure } = useFigures();
  const isWell = wheel.alert === null || wheel.alert === "none";
  return (
    <div className={className}>
      <Text size="xs" c="dimmed">
        {t(`wheels.${wheel.name}` as never)}
      </Text>
      <Text size="sm" fw={600} c={isWell ? "inherit" : "red"}>
        {pressure(wheel.pressure)}
      </Text>
      <Text size="xs" c="dimmed">
        {temperature(wheel.temperature)}
      </Text>
      {!isWell && <Text size="xs">{t(`tyreAlert.${wheel.alert}` as never)}</Text>}
    </div>
  );
}

function useWheelText(): (wheel: Wheel) => string {
  const { temperature, pressure } = useFigures();
  return (wheel) => `${pressure(wheel.pressure)} · ${temperature(wheel.temperature)}`;
}
