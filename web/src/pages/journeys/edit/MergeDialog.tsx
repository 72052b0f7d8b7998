import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useFormat } from "../../../components/charts/useFormat";
import type { WholeJourney } from "../../../data/api-types";
import { useJourneys, useMergeJourneys } from "../../../data/journeys";
import { placeOf, spanOf } from "../words";
import { DialogFrame } from "./DialogFrame";

interface Props {
  journey: WholeJourney;
  /** The journey becomes another, or does not after all. */
  onEnd: (isEnding: boolean) => void;
}

/** Makes one journey of this one and the next of its kind. */
export function MergeDialog({ journey, onEnd }: Props) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const navigate = useNavigate();
  const merge = useMergeJourneys(journey.vehicle_id);
  const list = useJourneys(journey.vehicle_id, {
    kind: [journey.kind],
    since: journey.start.time,
    order: "oldest",
    limit: 3,
  });
  const next = list.data?.items.find(({ id }) => id !== journey.id);
  const submit = () => {
    if (next === undefined) return;
    onEnd(true);
    merge.mutate(
      { path: { vehicle_id: journey.vehicle_id }, body: { ids: [journey.id, next.id] } },
      {
        onSuccess: ({ id }) => {
          if (id === journey.id) onEnd(false);
          navigate(`../../${id}`, { relative: "path", replace: true });
        },
        onError: () => onEnd(false),
      },
    );
  };
  const isImpossible = next === undefined || next.is_open;
  return (
    <DialogFrame
      title={t("merge.title")}
      action={t("merge.action")}
      onSubmit={submit}
      isBusy={merge.isPending || list.isPending}
      error={merge.error ?? list.error}
      isImpossible={isImpossible && !list.isPending}
    >
      {next === undefined ? (
        !list.isPending && <Text>{t("merge.none")}</Text>
      ) : (
        <>
          <Text>{t(next.is_open ? "merge.isOpen" : "merge.with")}</Text>
          <Text fw={600}>
            {placeOf(next.start, t)} → {placeOf(next.end, t)}
          </Text>
          <Text>
            {format.date(next.start.time)}, {spanOf(next, format, t)}
          </Text>
          <Text size="sm" c="dimmed">
            {t("merge.undo")}
          </Text>
        </>
      )}
    </DialogFrame>
  );
}
