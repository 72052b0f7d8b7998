import { Anchor, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Route, Routes, useParams } from "react-router";
import { useFormat } from "../../../components/charts/useFormat";
import { EmptyPage } from "../../../components/EmptyPage";
import { PageSkeleton } from "../../../components/PageSkeleton";
import { useErrorText } from "../../../components/useErrorText";
import { usePageTitle } from "../../../components/usePageTitle";
import { ApiError } from "../../../data/api";
import type { WholeJourney } from "../../../data/api-types";
import { useJourney } from "../../../data/journeys";
import { useListedVehicle } from "../../../data/vehicles";
import { EditDialog } from "../edit/EditDialog";
import { Edits } from "../edit/Edits";
import { MergeDialog } from "../edit/MergeDialog";
import { SplitDialog } from "../edit/SplitDialog";
import { placeOf, spanOf } from "../words";
import { ChargeView } from "./ChargeView";
import { ParkedView } from "./ParkedView";
import { TripView } from "./TripView";

/** One trip, charge or time parked: its whole story. */
export default function JourneyPage({ vehicle }: { vehicle: string }) {
  const { id = "" } = useParams();
  return <Journey key={id} vehicle={vehicle} id={Number(id)} />;
}

function Journey({ vehicle, id }: { vehicle: string; id: number }) {
  const { t } = useTranslation("journeys");
  const say = useErrorText();
  const [isEnding, setEnding] = useState(false);
  const { data: journey, error, isPending, refetch } = useJourney(vehicle, id, isEnding);
  usePageTitle(journey === undefined ? t("title") : t(`kinds.${journey.kind}`));
  if (isPending) return <PageSkeleton />;
  if (journey === undefined) {
    const isGone = error instanceof ApiError && (error.status === 404 || error.status === 422);
    return (
      <EmptyPage
        title={t(isGone ? "gone.title" : "failed")}
        text={isGone || error === null ? t("gone.text") : say(error)}
      >
        <Group>
          {!isGone && <Button onClick={() => refetch()}>{t("retry")}</Button>}
          <Back />
        </Group>
      </EmptyPage>
    );
  }
  return <Story journey={journey} onEnd={setEnding} />;
}

function Back() {
  const { t } = useTranslation("journeys");
  const { vehicle = "" } = useParams();
  return (
    <Anchor component={Link} to={`/cars/${encodeURIComponent(vehicle)}/journeys`}>
      {t("back")}
    </Anchor>
  );
}

interface StoryProps {
  journey: WholeJourney;
  /** This journey becomes others, or does not after all. */
  onEnd: (isEnding: boolean) => void;
}

function Story({ journey, onEnd }: StoryProps) {
  const mayManage = useListedVehicle(journey.vehicle_id)?.rights.includes("manage") ?? false;
  return (
    <Stack gap="md">
      <Head journey={journey} />
      {journey.kind === "trip" && <TripView journey={journey} />}
      {journey.kind === "charge" && <ChargeView journey={journey} />}
      {journey.kind === "parked" && <ParkedView journey={journey} />}
      {mayManage && <Corrections journey={journey} />}
      {mayManage && <Edits journey={journey} onEnd={onEnd} />}
      {mayManage && (
        <Routes>
          <Route path="edit" element={<EditDialog journey={journey} />} />
          <Route path="split" element={<SplitDialog journey={journey} onEnd={onEnd} />} />
          <Route path="merge" element={<MergeDialog journey={journey} onEnd={onEnd} />} />
          <Route path="*" element={null} />
        </Routes>
      )}
    </Stack>
  );
}

function Head({ journey }: { journey: WholeJourney }) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const from = placeOf(journey.start, t);
  const title = {
    trip: journey.is_open
      ? t("tripFrom", { from })
      : t("tripFromTo", { from, to: placeOf(journey.end, t) }),
    charge: t("chargeAt", { place: from }),
    parked: t("parkedAt", { place: from }),
  }[journey.kind];
  const note = journey.note ?? "";
  return (
    <div>
      <Back />
      <Title order={1} size="h2">
        {title}
      </Title>
      <Text c="dimmed">
        {format.date(journey.start.time)}, {spanOf(journey, format, t)} ·{" "}
        {format.duration(journey.duration)}
      </Text>
      <Group gap={6} mt={4}>
        <Certainty journey={journey} />
        {journey.purpose !== null && (
          <Badge variant="default">{t(`purposes.${journey.purpose}`)}</Badge>
        )}
        {journey.is_edited && <Badge variant="default">{t("edited")}</Badge>}
      </Group>
      {note !== "" && (
        <Text mt="xs" fs="italic">
          {note}
        </Text>
      )}
    </div>
  );
}

const CERTAINTIES = ["measured", "estimated", "gaps"] as const;

/** How sure all this is, in a sentence. */
function Certainty({ journey }: { journey: WholeJourney }) {
  const { t } = useTranslation("journeys");
  const known = CERTAINTIES.find((each) => each === journey.certainty);
  if (journey.is_open) return <Badge variant="light">{t("open")}</Badge>;
  if (known === undefined) return null;
  return (
    <Text size="sm" c="dimmed">
      {t(`certaintyText.${known}`)}
    </Text>
  );
}

/** What its owner may correct; while it goes on nothing can be. */
function Corrections({ journey }: { journey: WholeJourney }) {
  const { t } = useTranslation("journeys");
  if (journey.is_open) {
    return (
      <Text size="sm" c="dimmed">
        {t("openNoEdit")}
      </Text>
    );
  }
  const button = (to: string, text: string) => (
    <Button component={Link} to={to} variant="default" size="sm">
      {text}
    </Button>
  );
  return (
    <Group gap="xs">
      {button("edit", t("edit.open"))}
      {journey.kind !== "parked" && button("merge", t("merge.open"))}
      {journey.kind !== "parked" && button("split", t("split.open"))}
    </Group>
  );
}
