import { Autocomplete, Checkbox, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { useAccount } from "../../../data/account";
import { type PlaceAnswer, useAddPlace, useChangePlace } from "../../../data/places";
import { DialogFrame } from "../edit/DialogFrame";
import { bodyOf, formOf, LEAST_RADIUS, MOST_RADIUS, newForm, readDegrees } from "./place";

/** The time zones that browsers know by name. */
const ZONES = Intl.supportedValuesOf("timeZone");

/** Makes or changes a place: its name, where it is, how large. */
export function PlaceDialog({ place }: { place: PlaceAnswer | null }) {
  const { t } = useTranslation("journeys");
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [form, setForm] = useState(() => (place === null ? newForm(params) : formOf(place)));
  const [wasTried, setTried] = useState(false);
  const { data: account } = useAccount();
  const add = useAddPlace();
  const change = useChangePlace();
  const done = { onSuccess: () => navigate("..", { relative: "path", replace: true }) };
  const submit = () => {
    setTried(true);
    const body = bodyOf(form);
    if (body === null) return;
    if (place === null) add.mutate({ body }, done);
    else change.mutate({ path: { place_id: place.id }, body }, done);
  };
  const degrees = (name: "latitude" | "longitude", most: number) => (
    <TextInput
      label={t(`places.${name}`)}
      value={form[name]}
      error={wasTried && readDegrees(form[name], most) === null && t("places.noDegrees")}
      onChange={({ currentTarget: { value } }) => setForm({ ...form, [name]: value })}
    />
  );
  return (
    <DialogFrame
      title={t(place === null ? "places.add" : "places.edit")}
      action={t("save")}
      onSubmit={submit}
      isBusy={add.isPending || change.isPending}
      error={add.error ?? change.error}
    >
      <TextInput
        label={t("places.name")}
        value={form.name}
        maxLength={64}
        error={wasTried && form.name.trim() === "" && t("places.noName")}
        onChange={({ currentTarget: { value } }) => setForm({ ...form, name: value })}
        data-autofocus
      />
      {degrees("latitude", 90)}
      {degrees("longitude", 180)}
      <NumberInput
        label={t("places.radiusLabel")}
        min={LEAST_RADIUS}
        max={MOST_RADIUS}
        step={10}
        allowDecimal={false}
        value={form.radius}
        onChange={(value) => setForm({ ...form, radius: Number(value) || LEAST_RADIUS })}
      />
      <Checkbox
        label={t("places.isHome")}
        checked={form.isHome}
        onChange={({ currentTarget: { checked } }) => setForm({ ...form, isHome: checked })}
      />
      <TextInput
        label={t("places.currency")}
        placeholder={account?.currency ?? ""}
        maxLength={3}
        value={form.currency}
        onChange={({ currentTarget: { value } }) => setForm({ ...form, currency: value })}
      />
      <Autocomplete
        label={t("places.zone")}
        placeholder={account?.zone ?? ""}
        limit={20}
        data={ZONES}
        value={form.zone}
        onChange={(zone) => setForm({ ...form, zone })}
      />
    </DialogFrame>
  );
}
