import { Button, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { useAccount } from "../../../data/account";
import { type PlaceAnswer, useRemoveTariff, useSetTariff } from "../../../data/places";
import { DialogFrame } from "../edit/DialogFrame";
import { BandFields } from "./BandFields";
import { bodyOf, formOf, NEW_TARIFF, NIGHT, pathOf, problemsOf, type TariffForm } from "./tariff";

const BACK = "../../..";

/** Says what charging costs at a place from a day on. */
export function TariffDialog({ place }: { place: PlaceAnswer }) {
  const { t } = useTranslation("journeys");
  const navigate = useNavigate();
  const { from } = useParams();
  const { data: account } = useAccount();
  const found = place.tariffs.find(({ valid_from }) => pathOf(valid_from) === from);
  const [form, setForm] = useState(() => (found === undefined ? NEW_TARIFF : formOf(found)));
  const put = useSetTariff();
  const remove = useRemoveTariff();
  const problems = problemsOf(form);
  const set = (part: Partial<TariffForm>) => setForm({ ...form, ...part });
  const done = { onSuccess: () => navigate(BACK, { relative: "path", replace: true }) };
  const path = { place_id: place.id, valid_from: pathOf(form.validFrom) };
  const submit = () => {
    if (problems.length === 0) put.mutate({ path, body: bodyOf(form) }, done);
  };
  const currency = place.currency ?? account?.currency ?? "";
  const price = (name: "energyPrice" | "sessionPrice" | "minutePrice") => (
    <TextInput
      label={t(`tariff.${name}`, { currency })}
      inputMode="decimal"
      value={form[name]}
      error={problems.includes(name) && t("edit.noNumber")}
      onChange={({ currentTarget: { value } }) => set({ [name]: value })}
    />
  );
  return (
    <DialogFrame
      title={t("tariff.title", { place: place.name })}
      action={t("save")}
      back={BACK}
      onSubmit={submit}
      isBusy={put.isPending}
      error={put.error ?? remove.error}
    >
      <TextInput
        type="date"
        label={t("tariff.validFrom")}
        description={t("tariff.validFromHelp")}
        value={form.validFrom}
        disabled={found !== undefined}
        onChange={({ currentTarget: { value } }) => set({ validFrom: value })}
      />
      <Switch
        label={t("tariff.isFree")}
        checked={form.isFree}
        onChange={({ currentTarget: { checked } }) => set({ isFree: checked })}
      />
      {!form.isFree && (
        <>
          {price("energyPrice")}
          {form.bands.map((band, index) => (
            <BandFields
              // biome-ignore lint/suspicious/noArrayIndexKey: bands have no other name
              key={index}
              band={band}
              currency={currency}
              onChange={(changed) => set({ bands: form.bands.with(index, changed) })}
              onRemove={() => set({ bands: form.bands.toSpliced(index, 1) })}
            />
          ))}
          <Button
            variant="default"
            size="sm"
            onClick={() => set({ bands: [...form.bands, NIGHT] })}
          >
            {t("tariff.addBand")}
          </Button>
          {price("sessionPrice")}
          {price("minutePrice")}
          <TextInput
            label={t("tariff.freeMinutes")}
            inputMode="numeric"
            value={form.freeMinutes}
            error={problems.includes("freeMinutes") && t("edit.noNumber")}
            onChange={({ currentTarget: { value } }) => set({ freeMinutes: value })}
          />
        </>
      )}
      {found !== undefined && (
        <Button
          variant="subtle"
          color="red"
          size="sm"
          loading={remove.isPending}
          onClick={() => remove.mutate({ path }, done)}
        >
          {t("tariff.remove")}
        </Button>
      )}
    </DialogFrame>
  );
}
