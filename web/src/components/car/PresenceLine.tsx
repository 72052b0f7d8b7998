import { Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import { useTelling } from "../../data/now";
import classes from "./PresenceLine.module.css";
import { presenceOf, type Seen } from "./presence";

/** Milliseconds between two beats of the dot, however often the car reports. */
const BEAT = 1000;

/**
 * Shows in a line whether page, server and car are there, and when the car was heard last. Screen
 * readers are told when the first changes; the age would be news each second.
 */
export function PresenceLine({ view }: { view: Seen & { reports?: number } }) {
  const { t } = useTranslation("car");
  const { age, clock } = useFigures();
  const { kind, tone, since } = presenceOf(view);
  const heard = view.state?.heard ?? null;
  const words = useTelling((now) =>
    since === null
      ? t(`presence.${kind}`)
      : t(`presence.${kind}Since`, { time: clock(since, now) }),
  );
  const ago = useTelling((now) => (heard === null ? null : age(Date.parse(heard), now)));
  const beat = view.reports ? Math.floor(Date.parse(heard ?? "") / BEAT) : 0;
  return (
    <div className={classes.line}>
      <span key={beat} className={`${classes.dot} ${classes[tone]}`} aria-hidden />
      <Words words={words} ago={ago} />
    </div>
  );
}

interface WordsProps {
  words: string;
  /** How long ago the car was heard; null is never. */
  ago: string | null;
}

const Words = memo(function Words({ words, ago }: WordsProps) {
  return (
    <Text size="sm" lh="24px">
      <span role="status">{words}</span>
      {ago !== null && (
        <Text span inherit c="dimmed" className={classes.age ?? ""}>
          {" · "}
          {ago}
        </Text>
      )}
    </Text>
  );
});
