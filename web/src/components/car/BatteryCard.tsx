import { Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Groups } from "../../data/live/types";
import { Age } from "./Age";
import { BatteryBar } from "./BatteryBar";
import { ChargeLine } from "./ChargeLine";
import { useFigures } from "./figures";

interface Props {
  groups: Groups;
  isWatched: boolean;
}

/** Shows the charge: how much, how far, what it does, and how old that is. */
export function BatteryCard({ groups, isWatched }: Props) {
  const { t } = useTranslation("car");
  const { distance } = useFigures();
  const { battery, charge } = groups;
  const isOld = battery?.is_stale ?? true;
  return (
    <Stack gap="xs">
      <BatteryBar
        soc={battery?.soc ?? null}
        isOld={isOld}
        isCharging={charge?.is_charging === true}
        limit={charge?.soc_limit || null}
        onLimit={null}
      />
      <Group justify="space-between" gap="xs" mih={22}>
        <Text size="sm" c={isOld ? "dimmed" : "inherit"}>
          {t("range.both", {
            estimated: distance(battery?.estimated_range),
            ideal: distance(battery?.ideal_range),
          })}
        </Text>
        {battery !== null && <Age name="battery" group={battery} isWatched={isWatched} />}
      </Group>
      <ChargeLine groups={groups} />
    </Stack>
  );
}
