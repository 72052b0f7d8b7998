import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyText } from "../../components/forms/CopyText";
import { Notice } from "../../components/forms/Notice";
import type { ModuleServerAnswer } from "../../data/moduleSetup";
import { type ModuleLink, picLines, picProblems } from "./moduleLines";

interface Props {
  link: ModuleLink;
  server: ModuleServerAnswer;
  isTlsOnly: boolean;
}

/** What to send to a PIC: one text message each. */
export function PicSteps({ link, server, isTlsOnly }: Props) {
  const { t } = useTranslation("setup");
  const [units, setUnits] = useState<"K" | "M">("K");
  const problems = picProblems(server, isTlsOnly, link);
  return (
    <Stack gap="sm">
      {problems.map((problem) => (
        <Notice key={problem}>{t(`pic.problems.${problem}`)}</Notice>
      ))}
      {!problems.includes("noPlainPort") && (
        <>
          <Text size="sm">{t("pic.text")}</Text>
          <SegmentedControl
            aria-label={t("pic.units")}
            value={units}
            onChange={(next) => setUnits(next === "M" ? "M" : "K")}
            data={[
              { value: "K", label: t("pic.km") },
              { value: "M", label: t("pic.miles") },
            ]}
          />
          {picLines(link, units).map((line, index) => (
            <CopyText key={line} text={line} label={t("pic.message", { number: index + 1 })} />
          ))}
          <Text size="sm" c="dimmed">
            {t("pic.help")}
          </Text>
        </>
      )}
    </Stack>
  );
}
