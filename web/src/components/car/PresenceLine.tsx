import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import { useNow } from "../../data/now";
import classes from "./PresenceLine.module.css";
import { presenceOf, type Seen } from "./presence";

/** Shows in a line whether page, server and car are there, and when the car was heard last. */
export function PresenceLine({ view }: { view: Seen & { reports?: number } }) {
  const { t } = useTranslation("car");
  const now = useNow();
  const { age, clock } = useFigures();
  const { kind, tone, since } = presenceOf(view);
  const heard = view.state?.heard ?? null;
  const words =
    since === null
      ? t(`presence.${kind}`)
      : t(`presence.${kind}Since`, { time: clock(since, now) });
  return (
    <Group gap={8} wrap="nowrap" align="flex-start" mih={24} role="status" aria-live="polite">
      <span key={view.reports} className={`${classes.dot} ${classes[tone]}`} aria-hidden />
      <Text size="sm" lh="24px">
        {words}
        {heard !== null && (
          <Text span inherit c="dimmed" aria-live="off" className={classes.age ?? ""}>
            {" · "}
            {age(Date.parse(heard), now)}
          </Text>
        )}
      </Text>
    </Group>
  );
}
