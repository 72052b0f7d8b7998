import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { GroupName } from "../../data/live/types";
import { useNow } from "../../data/now";
import { type Freshness, freshnessOf } from "./freshness";

interface Props {
  name: GroupName;
  group: { time: string; is_stale: boolean };
  isWatched: boolean;
}

const COLOURS: Record<Freshness, string> = {
  fresh: "dimmed",
  late: "var(--late)",
  old: "dimmed",
};

/** Shows how old a group is, counting; what is late or old is said in words, too. */
export function Age({ name, group, isWatched }: Props) {
  const { t } = useTranslation("car");
  const now = useNow();
  const { age } = useFigures();
  const freshness = freshnessOf(name, group, now, isWatched);
  const words = age(Date.parse(group.time), now);
  return (
    <Text span size="xs" c={COLOURS[freshness]} fs={freshness === "old" ? "italic" : "normal"}>
      {freshness === "fresh" ? words : t(`freshness.${freshness}`, { age: words })}
    </Text>
  );
}
