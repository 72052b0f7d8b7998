import { useTranslation } from "react-i18next";
import type { CommandRun } from "../../../data/live/types";
import type { Progress } from "./progress";

/** Return what tells a person how a command goes, and why it failed. */
export function useProgressText(): (progress: Progress) => string {
  const { t } = useTranslation("controls");
  const why = useFailureText();
  return ({ step, run }) => {
    if (step === "failed") return why(run);
    const said = run.text.trim();
    return step === "done" && said !== "" ? t("step.doneSays", { said }) : t(`step.${step}`);
  };
}

/** Return what tells a person why a command failed: by the car's own words if it has said some. */
export function useFailureText(): (run: CommandRun) => string {
  const { t } = useTranslation("controls");
  return ({ failure, text }) => {
    const said = text.trim();
    if (failure === null) return said;
    return failure === "refused" && said !== ""
      ? t("failure.says", { said })
      : t(`failure.${failure}`);
  };
}
