import { Button, Divider, Group, Stack, Text, Title } from "@mantine/core";
import { useCallbackRef } from "@mantine/hooks";
import { IconLink, IconMapPinPlus } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Age } from "../../components/car/Age";
import { CarGlance } from "../../components/car/CarGlance";
import { PresenceLine } from "../../components/car/PresenceLine";
import { QuickFacts } from "../../components/car/QuickFacts";
import { usePlaceAt } from "../../components/map/usePlaceAt";
import { type Known, type NoPosition, windOf } from "../../components/map/whereabouts";
import { useDialog } from "../../components/useDialog";
import { useIsWide } from "../../components/useIsWide";
import { useFigures } from "../../data/figures";
import { useLinks } from "../../data/links";
import type { LiveVehicleView } from "../../data/live/types";
import type { Vehicle } from "../../data/vehicles";
import { useWeb } from "../../data/web";
import { LinkDialog } from "./LinkDialog";
import classes from "./MapPage.module.css";
import { placeAddress } from "./placeAddress";

interface Props {
  vehicle: string;
  rights: Vehicle["rights"];
  /** Places are of cars of this server. */
  mayAddPlace: boolean;
  view: LiveVehicleView;
  where: Known | NoPosition;
}

/** What the map shows, in words: how old the position is, how sure, or why there is none. */
export function MapPanel({ vehicle, rights, mayAddPlace, view, where }: Props) {
  const { t } = useTranslation("map");
  const hasRoom = useIsWide(900);
  return (
    <section className={classes.panel} aria-label={t("panel")}>
      <Stack gap="xs">
        <PresenceLine view={view} />
        {hasRoom && view.state !== null && (
          <>
            <CarGlance vehicle={vehicle} state={view.state} />
            <QuickFacts groups={view.state.groups} />
            <Divider my="xs" />
          </>
        )}
        {typeof where === "string" ? (
          <Text size="sm">{t(`none.${where}`)}</Text>
        ) : (
          <Position where={where} isWatched={view.presence.is_online === true} />
        )}
        <Actions
          vehicle={vehicle}
          where={where}
          mayAddPlace={mayAddPlace}
          // Of a sealed car the server knows no position that it could tell.
          mayLink={hasAll(rights, "manage", "location") && view.sealing === "open"}
        />
        <GroundHint />
      </Stack>
    </section>
  );
}

/** Tells administrators how the map gets a ground, where it has none. */
const GroundHint = memo(function GroundHint() {
  const { t } = useTranslation("map");
  const { data: web } = useWeb();
  if (web?.session?.is_admin !== true || web.map !== null) return null;
  return (
    <Text size="sm" c="dimmed">
      {t("noGround")}
    </Text>
  );
});

function Position({ where, isWatched }: { where: Known; isWatched: boolean }) {
  const { t } = useTranslation("map");
  const { speed, metres } = useFigures();
  const place = usePlaceAt(where.position);
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
        <Heading words={place === null ? t("position") : t("atPlace", { place })} />
        <Age name="location" group={group} isWatched={isWatched} />
      </Group>
      <Words words={facts.join(" · ")} />
      {!isLocked && <Text size="sm">{t("notLocked")}</Text>}
    </>
  );
}

const Words = memo(function Words({ words }: { words: string }) {
  return <Text size="sm">{words}</Text>;
});

const Heading = memo(function Heading({ words }: { words: string }) {
  return (
    <Title order={2} size="h4">
      {words}
    </Title>
  );
});

/** What can be done with a position: tell it to somebody, and make a place of it. */
function Actions({
  vehicle,
  where,
  mayAddPlace,
  mayLink,
}: Pick<Props, "vehicle" | "where" | "mayAddPlace"> & { mayLink: boolean }) {
  const dialog = useDialog();
  const openLink = useCallbackRef(() => dialog.open("link"));
  const isKnown = typeof where !== "string";
  // Without a position there is nothing to share; links of before can be ended all the same.
  const { data: links = [] } = useLinks(vehicle, { isAsked: mayLink && !isKnown });
  const mayOpen = mayLink && (isKnown || links.length > 0);
  return (
    <Group gap="xs">
      {mayOpen && <LinkButton onOpen={openLink} />}
      {mayAddPlace && isKnown && <AddPlace to={placeAddress(vehicle, where.position)} />}
      {mayLink && dialog.opened === "link" && (
        <LinkDialog vehicle={vehicle} onClose={dialog.close} />
      )}
    </Group>
  );
}

const LinkButton = memo(function LinkButton({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation("map");
  return (
    <Button
      variant="light"
      size="compact-md"
      leftSection={<IconLink size={16} aria-hidden />}
      onClick={onOpen}
    >
      {t("link.open")}
    </Button>
  );
});

const AddPlace = memo(function AddPlace({ to }: { to: string }) {
  const { t } = useTranslation("map");
  return (
    <Button
      component={Link}
      to={to}
      variant="subtle"
      size="compact-md"
      leftSection={<IconMapPinPlus size={16} aria-hidden />}
    >
      {t("addPlace")}
    </Button>
  );
});

function hasAll(rights: Vehicle["rights"], ...wanted: Vehicle["rights"]): boolean {
  return wanted.every((right) => rights.includes(right));
}
