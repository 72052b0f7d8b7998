import { List, Text } from "@mantine/core";
import { IconAlertTriangle, IconBellRinging, IconInfoCircle } from "@tabler/icons-react";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import { useLocale } from "../../data/locale";
import { sayTheSame } from "../sayTheSame";
import classes from "./CareList.module.css";
import type { Care, Level } from "./care";

const ICONS = { alarm: IconBellRinging, warning: IconAlertTriangle, note: IconInfoCircle } as const;

/** Shows what may need care; nothing where nothing does. */
export const CareList = memo(function CareList({ care }: { care: Care[] }) {
  const { t } = useTranslation("car");
  const say = useCareText();
  if (care.length === 0) return null;
  return (
    <List listStyleType="none" spacing={4} aria-label={t("care.title")}>
      {care.map((each) => (
        <List.Item key={keyOf(each)} icon={<CareIcon level={each.level} />}>
          <Text size="sm" span fw={each.level === "alarm" ? 650 : 500}>
            {each.isOld ? t("care.old", { what: say(each) }) : say(each)}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}, sayTheSame);

function CareIcon({ level }: { level: Level }) {
  const Icon = ICONS[level];
  return <Icon size={20} stroke={1.75} aria-hidden className={classes[level]} />;
}

/** Return what tells a person what may need care. */
export function useCareText(): (care: Care) => string {
  const { t } = useTranslation("car");
  const { percent, pressure, volts } = useFigures();
  const locale = useLocale();
  const list = useMemo(() => new Intl.ListFormat(locale), [locale]);
  return (care) => {
    switch (care.kind) {
      case "doorsOpen":
        return t("care.doorsOpen", {
          doors: list.format(care.doors.map((door) => t(`doors.${door}`))),
        });
      case "auxiliaryLow":
        return t("care.auxiliaryLow", { voltage: volts(care.voltage) });
      case "tyre":
        return t("care.tyre", { wheel: care.wheel, pressure: pressure(care.pressure) });
      case "batteryLow":
        return t("care.batteryLow", { soc: percent(care.soc) });
      default:
        return t(`care.${care.kind}`);
    }
  };
}

function keyOf(care: Care): string {
  return care.kind === "tyre" ? `tyre ${care.wheel}` : care.kind;
}
