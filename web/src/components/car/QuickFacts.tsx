import { SimpleGrid, Text, ThemeIcon } from "@mantine/core";
import {
  IconAirConditioning,
  IconBatteryAutomotive,
  IconLock,
  IconLockOpen,
  IconTemperature,
  type TablerIcon,
} from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { Groups } from "../../data/live/types";
import { UNKNOWN } from "../../data/quantities";
import classes from "./QuickFacts.module.css";

/** Shows what one looks for first beside the charge: lock, climate, 12 V, outside. */
export function QuickFacts({ groups }: { groups: Groups }) {
  const { t } = useTranslation("car");
  const { volts, temperature } = useFigures();
  const { doors, temperatures, auxiliary } = groups;
  const locked = doors?.is_locked ?? null;
  const climate = temperatures?.is_hvac_on ?? null;
  const facts = [
    {
      key: "lock",
      Icon: locked === false ? IconLockOpen : IconLock,
      value: locked === null ? UNKNOWN : t(locked ? "quick.locked" : "quick.unlocked"),
      isOld: doors?.is_stale,
    },
    {
      key: "climate",
      Icon: IconAirConditioning,
      value: climate === null ? UNKNOWN : t(climate ? "quick.on" : "quick.off"),
      isOld: temperatures?.is_stale,
    },
    {
      key: "auxiliary",
      Icon: IconBatteryAutomotive,
      value: volts(auxiliary?.voltage),
      isOld: auxiliary?.is_stale,
    },
    {
      key: "outside",
      Icon: IconTemperature,
      value: temperature(temperatures?.ambient),
      isOld: temperatures?.is_stale || temperatures?.old.includes("ambient"),
    },
  ] as const;
  return (
    <SimpleGrid minColWidth="4.5rem" autoFlow="auto-fit" spacing={4} component="dl" m={0}>
      {facts.map(({ key, Icon, value, isOld }) => (
        <QuickFact
          key={key}
          Icon={Icon}
          label={t(`quick.${key}`)}
          value={value}
          isOld={isOld === true}
        />
      ))}
    </SimpleGrid>
  );
}

interface FactProps {
  Icon: TablerIcon;
  label: string;
  value: string;
  isOld: boolean;
}

const QuickFact = memo(function QuickFact({ Icon, label, value, isOld }: FactProps) {
  return (
    <div className={classes.fact}>
      <ThemeIcon variant="transparent" color="gray" aria-hidden>
        <Icon size={22} stroke={1.5} />
      </ThemeIcon>
      <Text component="dt" size="xs" c="dimmed">
        {label}
      </Text>
      <Text component="dd" m={0} size="sm" fw={600} c={isOld ? "dimmed" : "inherit"}>
        {value}
      </Text>
    </div>
  );
});
