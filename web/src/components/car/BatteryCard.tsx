import { Group, Stack, Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { Groups } from "../../data/live/types";
import { Age } from "./Age";
import { ChargeLimit } from "./ChargeLimit";
import { ChargeLine } from "./ChargeLine";
import { useControls } from "./control/useControls";

interface Props {
  vehicle: string;
  groups: Groups;
  isWatched: boolean;
}

/** Shows the charge: how much, how far, what it does, and how old that is. */
export function BatteryCard({ vehicle, groups, isWatched }: Props) {
  const { t } = useTranslation("car");
  const { distance, estimated } = useFigures();
  const controls = useControls(vehicle);
  const { battery } = groups;
  return (
    <Stack gap="xs">
      <ChargeLimit
        controls={controls}
        soc={battery?.soc ?? null}
        isOld={battery?.is_stale ?? true}
      />
      <Group justify="space-between" gap="xs" mih={22}>
        <Ranges
          words={t("range.both", {
            estimated: estimated(distance(battery?.estimated_range)),
            ideal: distance(battery?.ideal_range),
          })}
          isOld={battery?.is_stale ?? true}
        />
        {battery !== null && <Age name="battery" group={battery} isWatched={isWatched} />}
      </Group>
      <ChargeLine groups={groups} />
    </Stack>
  );
}

const Ranges = memo(function Ranges({ words, isOld }: { words: string; isOld: boolean }) {
  return (
    <Text size="sm" c={isOld ? "dimmed" : "inherit"}>
      {words}
    </Text>
  );
});
