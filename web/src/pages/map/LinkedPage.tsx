import { Group, Skeleton, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { Age } from "../../components/car/Age";
import { EmptyPage } from "../../components/EmptyPage";
import { PageSkeleton } from "../../components/PageSkeleton";
import { useErrorText } from "../../components/useErrorText";
import { usePageTitle } from "../../components/usePageTitle";
import { ApiError } from "../../data/api";
import type { PositionAnswer } from "../../data/api-types";
import { useFigures } from "../../data/figures";
import { useLinkedPosition } from "../../data/linkedPosition";
import { useMinute } from "../../data/now";
import classes from "./LinkedPage.module.css";

const LinkedMap = lazy(() => import("./LinkedMap"));

/** Where a car is, for whoever has a link to its live position; nobody logs in. */
export default function LinkedPage() {
  const { t } = useTranslation("map");
  const say = useErrorText();
  const { data, error } = useLinkedPosition(useParams().secret ?? "");
  const name = data?.name ?? t("live.car");
  usePageTitle(data === undefined ? t("live.title") : `${name}: ${t("live.title")}`);
  if (error instanceof ApiError && error.status === 404) {
    return (
      <main>
        <EmptyPage title={t("live.ended")} text={t("live.endedText")} />
      </main>
    );
  }
  if (data === undefined) {
    if (error === null) return <PageSkeleton />;
    return (
      <main>
        <EmptyPage title={t("live.title")} text={say(error)} />
      </main>
    );
  }
  return (
    <main className={classes.page}>
      <Head name={name} position={data} error={error} />
      <Suspense fallback={<Skeleton height="100%" radius={0} />}>
        <LinkedMap name={name} position={data} />
      </Suspense>
    </main>
  );
}

interface HeadProps {
  name: string;
  position: PositionAnswer;
  error: Error | null;
}

function Head({ name, position, error }: HeadProps) {
  const { t } = useTranslation("map");
  const say = useErrorText();
  const now = useMinute();
  const { clock, speed } = useFigures();
  const { time, is_stale: isStale } = position;
  return (
    <header className={classes.head}>
      <Group justify="space-between" wrap="nowrap">
        <Title order={1} size="h3">
          {name}
        </Title>
        {time !== null && (
          <Age name="location" group={{ time, is_stale: isStale === true }} isWatched={false} />
        )}
      </Group>
      <Text size="sm" {...(position.latitude === null ? { role: "status" } : {})}>
        {position.latitude === null ? t("live.noPosition") : speed(position.speed)}
      </Text>
      <Text size="xs" c="dimmed">
        {t("live.until", { time: clock(Date.parse(position.expires), now) })}
      </Text>
      {error !== null && (
        <Text size="sm" c="red">
          {say(error)}
        </Text>
      )}
    </header>
  );
}
