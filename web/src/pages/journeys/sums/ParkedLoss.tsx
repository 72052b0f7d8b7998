import { Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Format } from "../../../components/charts/format";
import { Reading } from "../../../components/Reading";
import { PAGE_LIMIT, useJourneys } from "../../../data/journeys";
import { FactGrid } from "../journey/FactGrid";
import { lossOf } from "./parkedLoss";

/** What the car lost while it stood, over its newest stays. */
export function ParkedLoss({ vehicle, format }: { vehicle: string; format: Format }) {
  const { t } = useTranslation("journeys");
  const reading = useJourneys(vehicle, { kind: ["parked"], limit: PAGE_LIMIT });
  const { data } = reading;
  const loss = lossOf(data?.items ?? []);
  if (data === undefined) return <Reading title={t("loss.title")} query={reading} />;
  if (loss.count === 0) return null;
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {t("loss.title")}
      </Title>
      <FactGrid
        facts={[
          {
            name: t("facts.socLostADay"),
            value: format.quantity(loss.soc_a_day, "%", { digits: 2 }),
          },
          {
            name: t("facts.rangeLostADay"),
            value: format.quantity(loss.range_a_day, "km", { digits: 1 }),
          },
          { name: t("facts.idle"), value: format.duration(loss.idle_time) },
        ]}
      />
      <Text size="sm" c="dimmed" mt="xs">
        {t("loss.text", { count: loss.count })}
      </Text>
    </section>
  );
}
