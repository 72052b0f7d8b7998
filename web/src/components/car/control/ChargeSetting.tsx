import { Button, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CommandState } from "./CommandState";
import type { Control } from "./controls";
import { isUnderWay } from "./progress";
import type { Controls } from "./useControls";
import { useProgress } from "./useProgress";
import { WHY_ALL } from "./WhyNone";

interface Props {
  controls: Controls;
  command: string;
  /** What would be sent; null while it is nothing that can be. */
  parameters: Record<string, string> | null;
  effect: NonNullable<Control["effect"]>;
  children: ReactNode;
}

/** A setting of the charge with its button, and how sending it goes. */
export function ChargeSetting({ controls, command, parameters, effect, children }: Props) {
  const { t } = useTranslation("controls");
  const { desk } = controls;
  const why = controls.obstacle(command, "command");
  const isSaid = why === controls.obstacleToAll;
  const progress = useProgress({ command, effect }, controls);
  const isOff = why !== null || parameters === null || isUnderWay(progress);
  return (
    <Stack gap={6}>
      {children}
      <Button
        variant="default"
        disabled={isOff}
        aria-describedby={isSaid && why !== null ? WHY_ALL : undefined}
        onClick={() => parameters !== null && void desk.run(command, parameters)}
      >
        {t(`charge.set.${command}` as never)}
      </Button>
      {why !== null && !isSaid && progress === null ? (
        <Text size="xs" c="dimmed">
          {t(`obstacle.${why}`)}
        </Text>
      ) : (
        <CommandState progress={progress} />
      )}
    </Stack>
  );
}
