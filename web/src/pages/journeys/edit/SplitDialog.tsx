import { Slider, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useFormat } from "../../../components/charts/useFormat";
import type { WholeJourney } from "../../../data/api-types";
import { useSplitJourney } from "../../../data/journeys";
import { DialogFrame } from "./DialogFrame";

interface Props {
  journey: WholeJourney;
  /** The journey becomes others, or does not after all. */
  onEnd: (isEnding: boolean) => void;
}

/** Cuts a journey in two at a moment. */
export function SplitDialog({ journey, onEnd }: Props) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const navigate = useNavigate();
  const split = useSplitJourney(journey.vehicle_id);
  const start = Date.parse(journey.start.time);
  const seconds = Math.floor((Date.parse(journey.end.time) - start) / 1000);
  const [at, setAt] = useState(Math.floor(seconds / 2));
  const when = start + at * 1000;
  const submit = () => {
    onEnd(true);
    split.mutate(
      {
        path: { vehicle_id: journey.vehicle_id, journey_id: journey.id },
        body: { at: new Date(when).toISOString() },
      },
      {
        onSuccess: () => navigate("../..", { relative: "path", replace: true }),
        onError: () => onEnd(false),
      },
    );
  };
  const clock = new Intl.DateTimeFormat(format.locale, {
    timeZone: format.zone,
    timeStyle: "medium",
  });
  return (
    <DialogFrame
      title={t("split.title")}
      action={t("split.action")}
      onSubmit={submit}
      isBusy={split.isPending}
      error={split.error}
      isImpossible={seconds < 3}
    >
      <Text>{t("split.text")}</Text>
      <Text fw={600} size="xl" aria-live="polite">
        {clock.format(when)}
      </Text>
      <Slider
        min={1}
        max={Math.max(seconds - 1, 2)}
        value={at}
        onChange={setAt}
        label={null}
        thumbLabel={t("split.moment")}
      />
      <Text size="sm" c="dimmed">
        {t("split.parts", {
          first: format.duration(at),
          second: format.duration(seconds - at),
        })}
      </Text>
    </DialogFrame>
  );
}
