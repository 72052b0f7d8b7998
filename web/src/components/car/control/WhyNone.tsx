import { Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Controls } from "./useControls";

/** The id of the sentence, for the controls that it explains. */
export const WHY_ALL = "why-all";

/** Says why no command can be sent now; its place is kept if some can. */
export const WhyNone = memo(function WhyNone({ controls }: { controls: Controls }) {
  const { t } = useTranslation("controls");
  const why = controls.obstacleToAll;
  return (
    <Text size="sm" c="dimmed" mih="1.55em" id={WHY_ALL}>
      {why !== null && t(`obstacle.${why}`)}
    </Text>
  );
});
