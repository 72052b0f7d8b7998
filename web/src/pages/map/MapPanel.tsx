import { Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Age } from "../../components/car/Age";
import { PresenceLine } from "../../components/car/PresenceLine";
import { distance } from "../../components/map/geometry";
import { useFigures } from "../../data/figures";
import type { LiveVehicleView } from "../../data/live/types";
import { usePlaces } from "../../data/places";
import classes from "./MapPage.module.css";
import { type Known, type NoPosition, windOf } from "./whereabouts";

interface Props {
  view: LiveVehicleView;
  where: Known | NoPosition;
}

/** What the map shows, in words: how old the position is, how sure, or why there is none. */
export function MapPanel({ view, where }: Props) {
  const { t } = useTranslation("map");
  return (
    <section className={classes.panel} aria-label={t("panel")}>
      <Stack gap="xs">
        <PresenceLine view={view} />
        {typeof where === "string" ? (
          <Text size="sm">{t(`none.${where}`)}</Text>
        ) : (
          <Position where={where} isWatched={view.presence.is_online === true} />
        )}
      </Stack>
    </section>
  );
}

function Position({ where, isWatched }: { where: Known; isWatched: boolean }) {
  const { t } = useTranslation("map");
  const { speed, metres } = useFigures();
  const place = usePlaceOf(where);
  const { group, isLocked, accuracy, direction } = where;
  const isMoving = group.speed !== null && group.speed > 0;
  const facts = [
    isMoving ? speed(group.speed) : null,
    direction === null || !isMoving ? null : t(`wind.${windOf(direction)}`),
    group.altitude === null ? null : t("altitude", { metres: metres(group.altitude) }),
    group.satellites === null ? null : t("satellites", { count: group.satellites }),
    accuracy === null ? null : t("accuracy", { metres: metres(accuracy) }),
  ].filter((each) => each !== null);
  return (
    <>
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Title order={2} size="h4">
          {place === null ? t("position") : t("atPlace", { place })}
        </Title>
        <Age name="location" group={group} isWatched={isWatched} />
      </Group>
      <Text size="sm">{facts.join(" · ")}</Text>
      {!isLocked && <Text size="sm">{t("notLocked")}</Text>}
    </>
  );
}

/** Return the name of the smallest place that a car is in; null if it is in none. */
function usePlaceOf({ position }: Known): string | null {
  const { data: places = [] } = usePlaces();
  const around = places
    .filter(
      ({ longitude, latitude, radius }) => distance([longitude, latitude], position) <= radius,
    )
    .sort((one, other) => one.radius - other.radius);
  return around[0]?.name ?? null;
}
