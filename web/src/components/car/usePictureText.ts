import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useLocale } from "../../data/locale";
import { openDoors, type Parts } from "./parts";

/** Return what the picture of a car shows, in words. */
export function usePictureText(): (parts: Parts) => string {
  const { t } = useTranslation("car");
  const locale = useLocale();
  const list = useMemo(() => new Intl.ListFormat(locale), [locale]);
  return (parts) => {
    const says = [
      ...openDoors(parts).map((door) => t("picture.open", { part: t(`doors.${door}`) })),
      ...(["bonnet", "trunk", "chargePort"] as const)
        .filter((part) => parts[part] === true)
        .map((part) => t("picture.open", { part: t(`parts.${part}`) })),
      ...(["plug", "charging", "headlights", "valet", "alarm"] as const)
        .filter((part) => parts[part] === true)
        .map((part) => t(`picture.${part}`)),
      parts.locked === null ? null : t(parts.locked ? "picture.locked" : "picture.unlocked"),
    ].filter((each) => each !== null);
    const words = says.length === 0 ? t("picture.nothing") : list.format(says);
    return parts.isOld ? t("picture.old", { what: words }) : t("picture.now", { what: words });
  };
}
