import { Group, Text } from "@mantine/core";
import { IconBolt, IconClock, IconPlug, IconPlugOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { Groups } from "../../data/live/types";
import { useNow } from "../../data/now";
import { type ChargeEnd, chargeOf } from "./charge";

const ICONS = {
  charging: IconBolt,
  timed: IconClock,
  done: IconPlug,
  stopped: IconPlug,
  plugged: IconPlug,
  unplugged: IconPlugOff,
  unknown: IconPlugOff,
} as const;

/** Shows in a line what the charge does, and when it ends. */
export function ChargeLine({ groups }: { groups: Groups }) {
  const { t } = useTranslation("car");
  const now = useNow();
  const { power, energy, clock } = useFigures();
  const end = useEndText();
  const charge = chargeOf(groups, now);
  const Icon = ICONS[charge.kind];
  const parts =
    charge.kind === "charging"
      ? [
          t("charge.charging", { power: power(charge.power) }),
          charge.end === null ? null : end(charge.end),
          charge.energy === null ? null : t("charge.soFar", { energy: energy(charge.energy) }),
        ]
      : charge.kind === "timed"
        ? [t("charge.timed", { time: clock(charge.start, now) })]
        : [t(`charge.${charge.kind}`)];
  return (
    <Group gap={8} wrap="nowrap" align="flex-start" mih={24}>
      <Icon size={20} stroke={1.75} aria-hidden style={{ flex: "none" }} />
      <Text size="sm">{parts.filter((part) => part !== null).join(" · ")}</Text>
    </Group>
  );
}

function useEndText(): (end: ChargeEnd) => string {
  const { t } = useTranslation("car");
  const now = useNow();
  const { percent, clock } = useFigures();
  return ({ kind, soc, at }) => {
    const time = clock(at, now);
    return kind === "soc"
      ? t("charge.end.soc", { soc: percent(soc), time })
      : t(`charge.end.${kind}`, { time });
  };
}
