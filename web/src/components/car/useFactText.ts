import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import { useMinute } from "../../data/now";
import { UNKNOWN } from "../../data/quantities";
import type { RawFact } from "./groupFacts";
import { useChargeWords } from "./useChargeWords";

/** The strongest signal that a modem tells; 99 is none. */
const SIGNAL_MOST = 31;

/** Return what writes a fact for a person. */
export function useFactText(): (fact: RawFact) => string {
  const { t } = useTranslation("car");
  const figures = useFigures();
  const words = useChargeWords();
  const now = useMinute();
  return ({ written, value }) => {
    if (value === null || value === "") return UNKNOWN;
    if (typeof value === "boolean") return t(value ? "yes" : "no");
    if (typeof value === "string") {
      if (written === "chargeMode") return words.mode(value);
      if (written === "plug") return words.plug(value);
      return written === "time" ? figures.clock(Date.parse(value), now) : value;
    }
    switch (written) {
      case "clockUtc":
        return figures.clock(new Date(now).setUTCHours(0, 0, value, 0), now);
      case "signal":
        return value > SIGNAL_MOST
          ? t("signal.none")
          : figures.percent((value / SIGNAL_MOST) * 100);
      case "yesNo":
      case "text":
      case "chargeMode":
      case "plug":
      case "time":
        return String(value);
      default:
        return figures[written](value);
    }
  };
}
