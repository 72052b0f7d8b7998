import { Group, Text } from "@mantine/core";
import { IconBolt, IconClock, IconPlug, IconPlugOff } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { Groups } from "../../data/live/types";
import { useTelling } from "../../data/now";
import { type ChargeEnd, type ChargeWords, chargeOf } from "./charge";

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
  const say = useChargeText();
  const kind = useTelling((now) => chargeOf(groups, now).kind);
  const words = useTelling((now) => say(chargeOf(groups, now), now));
  return <Line kind={kind} words={words} />;
}

const Line = memo(function Line({ kind, words }: { kind: keyof typeof ICONS; words: string }) {
  const Icon = ICONS[kind];
  return (
    <Group gap={8} wrap="nowrap" align="flex-start" mih={24}>
      <Icon size={20} stroke={1.75} aria-hidden style={{ flex: "none" }} />
      <Text size="sm">{words}</Text>
    </Group>
  );
});

function useChargeText(): (charge: ChargeWords, now: number) => string {
  const { t } = useTranslation("car");
  const { power, energy, clock, percent } = useFigures();
  const sayEnd = ({ kind, soc, at }: ChargeEnd, now: number) => {
    const time = clock(at, now);
    return kind === "soc"
      ? t("charge.end.soc", { soc: percent(soc), time })
      : t(`charge.end.${kind}`, { time });
  };
  return (charge, now) => {
    if (charge.kind === "timed") return t("charge.timed", { time: clock(charge.start, now) });
    if (charge.kind !== "charging") return t(`charge.${charge.kind}`);
    const parts = [
      t("charge.charging", { power: power(charge.power) }),
      charge.end === null ? null : sayEnd(charge.end, now),
      charge.energy === null ? null : t("charge.soFar", { energy: energy(charge.energy) }),
    ];
    return parts.filter((part) => part !== null).join(" · ");
  };
}
