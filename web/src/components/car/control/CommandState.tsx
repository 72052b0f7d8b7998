import { Text } from "@mantine/core";
import { IconCheck, IconClock, IconX } from "@tabler/icons-react";
import { memo } from "react";
import classes from "./CommandState.module.css";
import type { Progress, Step } from "./progress";
import { useProgressText } from "./useProgressText";

const ICONS: Record<Step, typeof IconCheck> = {
  waiting: IconClock,
  sent: IconClock,
  taken: IconCheck,
  done: IconCheck,
  failed: IconX,
};

/** Shows how a command goes, in place; keeps its room where none does. */
export function CommandState({ progress }: { progress: Progress | null }) {
  const say = useProgressText();
  return progress === null ? (
    <State step={null} words="" />
  ) : (
    <State step={progress.step} words={say(progress)} />
  );
}

const State = memo(function State({ step, words }: { step: Step | null; words: string }) {
  const Icon = step === null ? null : ICONS[step];
  return (
    <Text
      component="span"
      size="xs"
      className={`${classes.state} ${step === null ? "" : classes[step]}`}
      role="status"
    >
      {Icon !== null && <Icon size={14} aria-hidden className={classes.icon} />}
      {words}
    </Text>
  );
});
