import { Alert, Button, Loader, Stack, Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Format } from "../../../components/charts/format";
import { useFormat } from "../../../components/charts/useFormat";
import { Reading } from "../../../components/Reading";
import { type JourneyAnswer, useJourneys } from "../../../data/journeys";
import { useMinute } from "../../../data/now";
import classes from "../Journeys.module.css";
import { STATES } from "../words";
import { byDay, byWeek, type DayOf, type WeekOf } from "./days";
import { Filters } from "./Filters";
import { hasPurpose, paramsOf, queryOf, shownOf } from "./filter";
import { JourneyCard } from "./JourneyCard";

/** A car's journeys, the newest first, a day below the other. */
export function Timeline({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const [params, setParams] = useSearchParams();
  const shown = shownOf(params);
  const list = useJourneys(vehicle, queryOf(shown, format.zone));
  const now = useMinute();
  const items = list.data?.items;
  const days = useMemo(
    () =>
      byDay(
        (items ?? []).filter((each) => hasPurpose(each, shown.purpose)),
        format.zone,
        now,
      ),
    [items, shown.purpose, format.zone, now],
  );
  return (
    <Stack gap="md">
      <Filters shown={shown} onChange={(next) => setParams(paramsOf(next), { replace: true })} />
      <Reading title={t("failed")} query={list} />
      {list.data !== undefined && <Why state={list.data.state} hidden={list.data.hidden} />}
      {byWeek(days).map((week) => (
        <Week key={week.monday ?? ""} week={week} format={format} />
      ))}
      {list.isSuccess && days.length === 0 && !list.hasNextPage && (
        <None isChosen={params.size > 0} state={list.data.state} />
      )}
      {list.hasNextPage && (
        <More isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </Stack>
  );
}

/** That there is nothing: when it will come, unless it was said why there will be none. */
function None({ isChosen, state }: { isChosen: boolean; state: string }) {
  const { t } = useTranslation("journeys");
  const isExplained = STATES.some((each) => each === state);
  if (isExplained && !isChosen) return null;
  return <Text c="dimmed">{t(isChosen ? "noneChosen" : "none")}</Text>;
}

/** Why there are no journeys of a car, or not all of what they know. */
function Why({ state, hidden }: { state: string; hidden: readonly string[] }) {
  const { t } = useTranslation("journeys");
  const known = STATES.find((each) => each === state);
  const isHidden = hidden.includes("location");
  if (known === undefined && !isHidden) return null;
  return (
    <Alert role="note" icon={<IconInfoCircle aria-hidden />} color="gray">
      {known !== undefined && <Text>{t(`states.${known}`)}</Text>}
      {isHidden && <Text>{t("hidden")}</Text>}
    </Alert>
  );
}

function Week({ week, format }: { week: WeekOf<JourneyAnswer>; format: Format }) {
  const { t } = useTranslation("journeys");
  const isNamed = week.monday === null;
  return (
    <Stack gap="xs" component="section">
      {week.monday !== null && (
        <h2 className={classes.day}>
          {t("days.week", { span: format.week(week.monday) })}{" "}
          <Driven items={week.days.flatMap(({ items }) => items)} format={format} />
        </h2>
      )}
      {week.days.map((day) => (
        <Day key={day.day} day={day} format={format} isNamed={isNamed} />
      ))}
    </Stack>
  );
}

interface DayProps {
  day: DayOf<JourneyAnswer>;
  format: Format;
  isNamed: boolean;
}

function Day({ day, format, isNamed }: DayProps) {
  const { t } = useTranslation("journeys");
  const date = format.date(`${day.items[0]?.start.time}`);
  const Head = isNamed ? "h2" : "h3";
  return (
    <section aria-label={date}>
      <Head className={isNamed ? classes.day : classes.weekday}>
        {day.name === "other" ? date : t(`days.${day.name}`)}{" "}
        <Driven items={day.items} format={format} />
      </Head>
      <ul className={classes.list}>
        {day.items.map((journey) => (
          <JourneyCard key={journey.id} journey={journey} format={format} />
        ))}
      </ul>
    </section>
  );
}

/** How far the car drove in these journeys, as far as pages are there; of one trip its card says it. */
function Driven({ items, format }: { items: readonly JourneyAnswer[]; format: Format }) {
  const distances = items.flatMap(({ trip }) => (trip?.distance ? [trip.distance] : []));
  if (distances.length < 2) return null;
  const sum = distances.reduce((one, other) => one + other, 0);
  return (
    <Text span size="sm" c="dimmed" ml={4}>
      {format.quantity(sum, "km")}
    </Text>
  );
}

/** Asks for the next page when it comes into sight. */
function More({ isLoading, onMore }: { isLoading: boolean; onMore: () => void }) {
  const { t } = useTranslation("journeys");
  const mark = useRef<HTMLDivElement>(null);
  const ask = useRef(onMore);
  ask.current = onMore;
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at anew when a page has come
  useEffect(() => {
    const element = mark.current;
    if (element === null) return;
    const watcher = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) ask.current();
      },
      { rootMargin: "400px" },
    );
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [isLoading]);
  return (
    <div ref={mark}>
      <Button variant="default" onClick={onMore} disabled={isLoading}>
        {isLoading ? <Loader size="xs" aria-label={t("loadingMore")} /> : t("more")}
      </Button>
    </div>
  );
}
