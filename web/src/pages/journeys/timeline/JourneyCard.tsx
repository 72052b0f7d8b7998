import { Badge, Group, Text } from "@mantine/core";
import { IconBolt, IconParking, IconRoute } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Format } from "../../../components/charts/format";
import type { JourneyAnswer } from "../../../data/journeys";
import classes from "../Journeys.module.css";
import { isEstimated, placeOf, socOf, spanOf } from "../words";
import { TripThumb } from "./TripThumb";

interface Props {
  journey: JourneyAnswer;
  format: Format;
}

const ICONS = { trip: IconRoute, charge: IconBolt, parked: IconParking };

/** What a car did, in short; it leads to the whole story. */
export function JourneyCard({ journey, format }: Props) {
  const { t } = useTranslation("journeys");
  const Icon = ICONS[journey.kind];
  const isTrip = journey.kind === "trip";
  const style = isTrip ? classes.withMap : journey.kind === "parked" ? classes.parked : "";
  return (
    <li>
      <Link to={String(journey.id)} className={`${classes.card} ${style}`}>
        <Icon
          size={journey.kind === "parked" ? 20 : 28}
          stroke={1.5}
          className={classes.icon}
          aria-label={t(`kinds.${journey.kind}`)}
        />
        <div>
          <Text fw={600}>{titleOf(journey, t)}</Text>
          <Text size="sm" c="dimmed">
            {spanOf(journey, format, t)} · {format.duration(journey.duration)}
          </Text>
        </div>
        {isTrip && <TripThumb journey={journey} />}
        <div />
        <div>
          <CardFacts journey={journey} format={format} />
          <Marks journey={journey} />
        </div>
      </Link>
    </li>
  );
}

function titleOf(journey: JourneyAnswer, t: ReturnType<typeof useTranslation<"journeys">>["t"]) {
  const from = placeOf(journey.start, t);
  if (journey.kind === "charge") return t("chargeAt", { place: from });
  if (journey.kind === "parked") return t("parkedAt", { place: from });
  if (journey.is_open) return t("tripFrom", { from });
  return t("tripFromTo", { from, to: placeOf(journey.end, t) });
}

/** The figures of a journey. On a card none has a name, so one that is unknown is left out. */
function CardFacts({ journey, format }: Props) {
  return (
    <Text size="sm" component="div" className={classes.facts}>
      {factsOf(journey, format).map(([name, text]) => (
        <span key={name}>{text}</span>
      ))}
    </Text>
  );
}

type CardFact = [name: string, text: string];

function factsOf(journey: JourneyAnswer, format: Format): CardFact[] {
  const { trip, charge, parked } = journey;
  const say = (name: string, value: number | null, unit: string): CardFact[] =>
    value === null
      ? []
      : [[name, format.quantity(value, unit, { isEstimated: isEstimated(journey, name) })]];
  if (trip !== null) {
    return [
      ...say("distance", trip.distance, "km"),
      ...say("energy", trip.energy, "kWh"),
      ...say("consumption", trip.consumption, "kWh/100 km"),
    ];
  }
  if (charge !== null) {
    const facts = [
      ...say("energy", charge.energy, "kWh"),
      ...say("power_max", charge.power_max, "kW"),
    ];
    if (journey.start.soc !== null) facts.push(["soc", socOf(journey, format)]);
    if (charge.cost !== null) {
      facts.push(["cost", format.money(charge.cost, isEstimated(journey, "cost"))]);
    }
    return facts;
  }
  const lost = parked?.soc_lost ?? 0;
  return lost > 0 ? [["soc_lost", `−${format.quantity(lost, "%")}`]] : [];
}

/** What a reader must know of how sure this is, and what was done to it. */
function Marks({ journey }: { journey: JourneyAnswer }) {
  const { t } = useTranslation("journeys");
  const note = journey.note ?? "";
  const hasMarks =
    journey.is_open ||
    journey.is_edited ||
    journey.purpose !== null ||
    journey.certainty === "gaps";
  return (
    <>
      <Group gap={6} mt={4} hidden={!hasMarks}>
        {journey.is_open && <Badge variant="light">{t("open")}</Badge>}
        {journey.certainty === "gaps" && (
          <Badge variant="default" color="gray">
            {t("certainty.gaps")}
          </Badge>
        )}
        {journey.purpose !== null && (
          <Badge variant="default">{t(`purposes.${journey.purpose}`)}</Badge>
        )}
        {journey.is_edited && <Badge variant="default">{t("edited")}</Badge>}
      </Group>
      {note !== "" && (
        <Text size="sm" fs="italic" lineClamp={2}>
          {note}
        </Text>
      )}
    </>
  );
}
