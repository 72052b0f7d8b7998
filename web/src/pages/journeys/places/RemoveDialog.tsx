import { Checkbox, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { type PlaceAnswer, useRemovePlace } from "../../../data/places";
import { DialogFrame } from "../edit/DialogFrame";

/** Asks before a place is removed, and what becomes of its costs. */
export function RemoveDialog({ place }: { place: PlaceAnswer }) {
  const { t } = useTranslation("journeys");
  const navigate = useNavigate();
  const remove = useRemovePlace();
  const [keepsCosts, setKeepsCosts] = useState(true);
  const submit = () =>
    remove.mutate(
      { path: { place_id: place.id }, query: { keeps_costs: keepsCosts } },
      { onSuccess: () => navigate("../..", { relative: "path", replace: true }) },
    );
  return (
    <DialogFrame
      title={t("places.removeTitle", { name: place.name })}
      action={t("delete")}
      back="../.."
      onSubmit={submit}
      isBusy={remove.isPending}
      error={remove.error}
      isDangerous
    >
      <Text>{t("places.removeText")}</Text>
      <Checkbox
        label={t("places.keepsCosts")}
        checked={keepsCosts}
        onChange={({ currentTarget: { checked } }) => setKeepsCosts(checked)}
      />
    </DialogFrame>
  );
}
