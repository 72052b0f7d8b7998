import { useTranslation } from "react-i18next";
import { UNKNOWN } from "../../data/quantities";

/** The words of the protocol that have one in each language; others are shown as the car says them. */
const MODES = ["standard", "storage", "range", "performance"] as const;
const PLUGS = ["type1", "type2", "chademo", "roadster", "teslaus", "supercharger", "ccs"] as const;
/** What modules tell as the plug while none is in. */
const NO_PLUG = "0";

/** Return what people call a way to charge and a plug, by the words of the protocol. */
export function useChargeWords() {
  const { t } = useTranslation("car");
  return {
    mode: (word: string | null) => {
      const known = MODES.find((each) => each === word);
      return known === undefined ? (word ?? UNKNOWN) : t(`modes.${known}`);
    },
    plug: (word: string | null) => {
      if (word === NO_PLUG) return t("plugs.none");
      const known = PLUGS.find((each) => each === word);
      return known === undefined ? (word ?? UNKNOWN) : t(`plugs.${known}`);
    },
  };
}
