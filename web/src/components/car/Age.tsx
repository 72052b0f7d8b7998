import { Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { GroupName } from "../../data/live/types";
import { useTelling } from "../../data/now";
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
  kept: "dimmed",
};

/** Shows how old a group is, counting; what is late or old is said in words, too. */
export function Age({ name, group, isWatched }: Props) {
  const { age } = useFigures();
  const freshness = useTelling((now) => freshnessOf(name, group, now, isWatched));
  const words = useTelling((now) => age(Date.parse(group.time), now));
  return <AgeText freshness={freshness} words={words} />;
}

/** A car says the same every second: what it reads like is rendered when it is another age. */
const AgeText = memo(function AgeText({
  freshness,
  words,
}: {
  freshness: Freshness;
  words: string;
}) {
  const { t } = useTranslation("car");
  return (
    <Text
      span
      size="xs"
      c={COLOURS[freshness]}
      fs={freshness === "old" || freshness === "kept" ? "italic" : "normal"}
    >
      {freshness === "fresh" ? words : t(`freshness.${freshness}`, { age: words })}
    </Text>
  );
});
