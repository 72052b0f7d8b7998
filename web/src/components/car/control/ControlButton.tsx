import { Text, UnstyledButton } from "@mantine/core";
import {
  IconAirConditioning,
  IconAirConditioningDisabled,
  IconAlarm,
  IconBolt,
  IconBoltOff,
  IconHome,
  IconKey,
  IconKeyOff,
  IconLock,
  IconLockOpen,
  IconRefresh,
  IconSnowflake,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useNow } from "../../../data/now";
import { CommandState } from "./CommandState";
import classes from "./ControlButton.module.css";
import { type ControlKey, controlOf } from "./controls";
import { isUnderWay, progressOf } from "./progress";
import type { Controls } from "./useControls";
import { WHY_ALL } from "./WhyNone";

const ICONS: Record<ControlKey, typeof IconLock> = {
  lock: IconLock,
  unlock: IconLockOpen,
  valet: IconKey,
  unvalet: IconKeyOff,
  chargeStart: IconBolt,
  chargeStop: IconBoltOff,
  climateOn: IconAirConditioning,
  climateOff: IconAirConditioningDisabled,
  cooldown: IconSnowflake,
  wakeup: IconAlarm,
  homelink1: IconHome,
  homelink2: IconHome,
  homelink3: IconHome,
  reboot: IconRefresh,
};

interface Props {
  name: ControlKey;
  controls: Controls;
}

/** A big button that tells the car something, and shows how that goes. */
export function ControlButton({ name, controls }: Props) {
  const { t } = useTranslation("controls");
  const now = useNow();
  const control = controlOf(name);
  const Icon = ICONS[name];
  const obstacle = controls.obstacle(control.command, control.right);
  const isSaid = obstacle === controls.obstacleToAll;
  const progress = progressOf(control, controls.desk.runs, controls.groups, now);
  const isBusy = isUnderWay(progress);
  const isOn =
    control.effect !== undefined && controls.groups !== null
      ? control.effect(controls.groups) === true
      : false;
  return (
    <div className={classes.tile}>
      <UnstyledButton
        className={`${classes.button} ${isOn ? classes.on : ""}`}
        onClick={() => controls.press(control)}
        disabled={obstacle !== null || isBusy}
        aria-busy={isBusy}
        aria-describedby={obstacle === null ? undefined : isSaid ? WHY_ALL : `why-${name}`}
      >
        <Icon size={28} stroke={1.5} aria-hidden />
        <Text span size="sm" fw={550}>
          {t(`name.${name}`)}
        </Text>
        {isOn && (
          <Text span size="xs">
            {t(`is.${name}` as never)}
          </Text>
        )}
      </UnstyledButton>
      {obstacle === null || isSaid || progress !== null ? (
        <CommandState progress={progress} />
      ) : (
        <Text span size="xs" c="dimmed" id={`why-${name}`}>
          {t(`obstacle.${obstacle}`)}
        </Text>
      )}
    </div>
  );
}
