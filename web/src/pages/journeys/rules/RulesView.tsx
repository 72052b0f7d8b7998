import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Failure } from "../../../components/forms/Failure";
import { Reading } from "../../../components/Reading";
import type { JourneyAlerts } from "../../../data/api-types";
import { useChangeJourneyAlerts, useJourneyAlerts } from "../../../data/journeys";
import { ChargeMissedRule, PlacesRule } from "./PlaceRules";
import { changesOf } from "./rules";
import { ServiceRule } from "./ServiceRule";
import { ArrivalRule, ParkedLossRule, StoppedRule } from "./SimpleRules";

/** What the owner is told of what the car did. */
export default function RulesView({ vehicle }: { vehicle: string }) {
  const reading = useJourneyAlerts(vehicle);
  const { data } = reading;
  if (data === undefined) return <Reading query={reading} />;
  return <RulesForm key={vehicle} vehicle={vehicle} alerts={data} />;
}

function RulesForm({ vehicle, alerts }: { vehicle: string; alerts: JourneyAlerts }) {
  const { t } = useTranslation("journeys");
  const [form, setForm] = useState(alerts);
  const change = useChangeJourneyAlerts(vehicle);
  const changes = changesOf(alerts, form);
  const hasChanges = Object.keys(changes).length > 0;
  const set = (part: Partial<JourneyAlerts>) => setForm({ ...form, ...part });
  const submit = () => change.mutate({ path: { vehicle_id: vehicle }, body: changes });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="md" maw={640}>
        <Text c="dimmed">{t("rules.text")}</Text>
        <Anchor
          component={Link}
          to={`/cars/${encodeURIComponent(vehicle)}/settings/alerts`}
          size="sm"
          w="fit-content"
        >
          {t("rules.channels")}
        </Anchor>
        <PlacesRule rule={form.places} onChange={(places) => set({ places })} />
        <ChargeMissedRule
          rule={form.charge_missed}
          onChange={(charge_missed) => set({ charge_missed })}
        />
        <StoppedRule
          rule={form.charge_stopped}
          onChange={(charge_stopped) => set({ charge_stopped })}
        />
        <ArrivalRule rule={form.arrival_soc} onChange={(arrival_soc) => set({ arrival_soc })} />
        <ParkedLossRule rule={form.parked_loss} onChange={(parked_loss) => set({ parked_loss })} />
        <ServiceRule rule={form.service} onChange={(service) => set({ service })} />
        <Failure error={change.error} />
        <Group>
          <Button type="submit" disabled={!hasChanges} loading={change.isPending}>
            {t("save")}
          </Button>
          <Text size="sm" c="dimmed" aria-live="polite">
            {hasChanges ? t("rules.unsaved") : change.isSuccess ? t("rules.saved") : ""}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
