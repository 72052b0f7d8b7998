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
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { CommandState } from "./CommandState";
import classes from "./ControlButton.module.css";
import { type ControlKey, controlOf } from "./controls";
import { isUnderWay } from "./progress";
import type { Controls } from "./useControls";
import { useProgress } from "./useProgress";
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
export const ControlButton = memo(function ControlButton({ name, controls }: Props) {
  const { t } = useTranslation("controls");
  const control = controlOf(name);
  const obstacle = controls.obstacle(control.command, control.right);
  const isSaid = obstacle === controls.obstacleToAll;
  const progress = useProgress(control, controls);
  const isOn =
    control.effect !== undefined && controls.groups !== null
      ? control.effect(controls.groups) === true
      : false;
  return (
    <div className={classes.tile}>
      <Button
        name={name}
        isOn={isOn}
        isOff={obstacle !== null}
        isBusy={isUnderWay(progress)}
        why={obstacle === null ? undefined : isSaid ? WHY_ALL : `why-${name}`}
        onPress={controls.press}
      />
      {obstacle === null || isSaid || progress !== null ? (
        <CommandState progress={progress} />
      ) : (
        <Text span size="xs" c="dimmed" id={`why-${name}`}>
          {t(`obstacle.${obstacle}`)}
        </Text>
      )}
    </div>
  );
});

interface ButtonProps {
  name: ControlKey;
  isOn: boolean;
  isOff: boolean;
  isBusy: boolean;
  /** The id of what says why it is off. */
  why: string | undefined;
  onPress: Controls["press"];
}

const Button = memo(function Button({ name, isOn, isOff, isBusy, why, onPress }: ButtonProps) {
  const { t } = useTranslation("controls");
  const Icon = ICONS[name];
  return (
    <UnstyledButton
      className={`${classes.button} ${isOn ? classes.on : ""}`}
      onClick={isBusy ? undefined : () => onPress(controlOf(name))}
      disabled={isOff}
      aria-busy={isBusy}
      aria-disabled={isBusy} // a button that is disabled would lose the focus
      aria-describedby={why}
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
  );
});
