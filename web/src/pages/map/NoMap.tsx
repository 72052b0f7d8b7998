import { Center, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Line } from "../../components/map/geometry";
import { MiniMap } from "../../components/map/MiniMap";

/** What stands in for the map where the browser cannot draw one (WebGL). */
export function NoMap({ lines, label }: { lines: readonly Line[]; label: string }) {
  const { t } = useTranslation("map");
  return (
    <Center h="100%" p="md">
      <div>
        <Text size="sm" mb="sm">
          {t("noMap")}
        </Text>
        <MiniMap lines={lines} label={label} width={640} height={400} />
      </div>
    </Center>
  );
}
