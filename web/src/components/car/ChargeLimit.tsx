import { Button, Group, Text } from "@mantine/core";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import { BatteryBar } from "./BatteryBar";
import { CommandState } from "./control/CommandState";
import { LIMIT_FEATURE, limitOf, limitParameters } from "./control/limit";
import type { Controls } from "./control/useControls";
import { useProgress } from "./control/useProgress";

const LIMIT = { command: "set-feature", parameters: { feature: LIMIT_FEATURE } };

interface Props {
  controls: Controls;
  soc: number | null;
  /** The charge is not what it may be now. */
  isOld: boolean;
}

/** Shows the charge with the handle of its limit, which is sent only when that is said. */
export const ChargeLimit = memo(function ChargeLimit({ controls, soc, isOld }: Props) {
  const { t } = useTranslation("car");
  const { percent } = useFigures();
  const [wanted, setWanted] = useState<number | null>(null);
  const { groups, desk } = controls;
  const limit = limitOf(groups);
  const canSet = controls.obstacle("set-feature", "command", "manage") === null;
  const set = (value: number) => {
    setWanted(null);
    void desk.run("set-feature", limitParameters(value));
  };
  const progress = useProgress(LIMIT, controls);
  const sent = progress === null ? null : Number(progress.run.parameters.value);
  const isReported = sent === null || sent === limit;
  return (
    <div>
      <BatteryBar
        soc={soc}
        isOld={isOld}
        isCharging={groups?.charge?.is_charging === true}
        limit={wanted ?? limit}
        onLimit={canSet && limit !== null ? setWanted : null}
      />
      {wanted !== null && wanted !== limit && (
        <Group gap="xs" mt={12} mb={4}>
          <Button size="xs" onClick={() => set(wanted)}>
            {t("limit.set", { limit: percent(wanted) })}
          </Button>
          <Button size="xs" variant="default" onClick={() => setWanted(null)}>
            {t("limit.cancel")}
          </Button>
        </Group>
      )}
      {wanted === null && progress !== null && sent !== null && (
        <Group gap={6} mt={8}>
          <Text size="xs">{t("limit.wanted", { limit: percent(sent) })}</Text>
          <CommandState
            progress={
              progress.step === "done" && !isReported ? { ...progress, step: "taken" } : progress
            }
          />
        </Group>
      )}
    </div>
  );
});
