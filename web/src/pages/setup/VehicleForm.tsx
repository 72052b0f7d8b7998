import { Button, NumberInput, Stack, Switch, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { numberOrNull } from "../../components/forms/numberOrNull";
import { Section } from "../../components/forms/Section";
import { useChangeVehicle, type Vehicle } from "../../data/vehicles";

/** The name of a car, how long its data is kept, and how it may call. */
export function VehicleForm({ vehicle }: { vehicle: Vehicle }) {
  const { t } = useTranslation("setup");
  const { t: common } = useTranslation();
  const change = useChangeVehicle();
  const [name, setName] = useState(vehicle.name);
  const [days, setDays] = useState<string | number>(vehicle.log_days ?? "");
  const [places, setPlaces] = useState<string | number>(vehicle.log_position_days ?? "");
  const [makesJourneys, setJourneys] = useState(vehicle.makes_journeys);
  const [isTlsOnly, setTlsOnly] = useState(vehicle.tls_only);
  const mayManage = vehicle.is_own || vehicle.rights.includes("manage");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = {
      name,
      log_days: numberOrNull(days),
      log_position_days: numberOrNull(places),
      makes_journeys: makesJourneys,
      ...(vehicle.is_own ? { tls_only: isTlsOnly } : {}),
    };
    change.mutate({ path: { vehicle_id: vehicle.id }, body });
  };
  return (
    <Section title={t("car.general")}>
      {!mayManage && <Text>{t("car.noManage", { owner: vehicle.owner })}</Text>}
      <form onSubmit={submit}>
        <Stack maw={440}>
          <TextInput
            label={t("add.name")}
            maxLength={64}
            disabled={!mayManage}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <NumberInput
            label={t("car.days")}
            description={t("car.daysHelp")}
            placeholder={t("car.daysDefault")}
            min={0}
            allowDecimal={false}
            hideControls
            disabled={!mayManage}
            value={days}
            onChange={setDays}
          />
          <NumberInput
            label={t("car.placeDays")}
            description={t("car.placeDaysHelp")}
            placeholder={t("car.daysDefault")}
            min={0}
            allowDecimal={false}
            hideControls
            disabled={!mayManage}
            value={places}
            onChange={setPlaces}
          />
          <Switch
            label={t("car.journeys")}
            description={t("car.journeysHelp")}
            disabled={!mayManage}
            checked={makesJourneys}
            onChange={({ currentTarget }) => setJourneys(currentTarget.checked)}
          />
          {vehicle.is_own && (
            <Switch
              label={t("car.tlsOnly")}
              description={t("car.tlsOnlyHelp")}
              checked={isTlsOnly}
              onChange={({ currentTarget }) => setTlsOnly(currentTarget.checked)}
            />
          )}
          <Failure error={change.error} />
          {mayManage && (
            <Button type="submit" loading={change.isPending} w="fit-content">
              {common("actions.save")}
            </Button>
          )}
          {change.isSuccess && <Text role="status">{common("actions.saved")}</Text>}
        </Stack>
      </form>
    </Section>
  );
}
