import { NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useFormat } from "../../../components/charts/useFormat";
import type { WholeJourney } from "../../../data/api-types";
import { useChangeJourney } from "../../../data/journeys";
import { changesOf, type EditForm, formOf, wrongFields } from "./changes";
import { DialogFrame } from "./DialogFrame";

/** Corrects a journey: note, purpose, energies, cost. */
export function EditDialog({ journey }: { journey: WholeJourney }) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const navigate = useNavigate();
  const [before] = useState(() => formOf(journey, format.plain(0.5, 1).charAt(1)));
  const [form, setForm] = useState<EditForm>(before);
  const change = useChangeJourney(journey.vehicle_id);
  const wrong = wrongFields(form);
  const set = (part: Partial<EditForm>) => setForm({ ...form, ...part });
  const submit = () => {
    if (wrong.length > 0) return;
    change.mutate(
      {
        path: { vehicle_id: journey.vehicle_id, journey_id: journey.id },
        body: changesOf(before, form),
      },
      { onSuccess: () => navigate("..", { relative: "path", replace: true }) },
    );
  };
  const number = (name: "energy" | "grid_energy" | "cost", label: string) => (
    <TextInput
      label={label}
      description={t("edit.emptyIsReported")}
      inputMode="decimal"
      value={form[name]}
      error={wrong.includes(name) ? t("edit.noNumber") : undefined}
      onChange={({ currentTarget: { value } }) => set({ [name]: value })}
    />
  );
  return (
    <DialogFrame
      title={t("edit.title")}
      action={t("save")}
      onSubmit={submit}
      isBusy={change.isPending}
      error={change.error}
    >
      {journey.note !== null && (
        <Textarea
          label={t("edit.note")}
          autosize
          minRows={2}
          maxLength={1000}
          value={form.note}
          onChange={({ currentTarget: { value } }) => set({ note: value })}
        />
      )}
      {journey.kind === "trip" && (
        <NativeSelect
          label={t("edit.purpose")}
          value={form.purpose}
          onChange={({ currentTarget: { value } }) =>
            set({ purpose: value === "business" || value === "private" ? value : "" })
          }
          data={[
            { value: "", label: t("purposes.none") },
            { value: "business", label: t("purposes.business") },
            { value: "private", label: t("purposes.private") },
          ]}
        />
      )}
      {journey.kind !== "parked" && number("energy", t(`edit.energy.${journey.kind}`))}
      {journey.kind === "charge" && (
        <>
          {number("grid_energy", t("edit.grid"))}
          {number("cost", t("edit.cost", { currency: journey.charge?.cost?.currency ?? "" }))}
        </>
      )}
    </DialogFrame>
  );
}
