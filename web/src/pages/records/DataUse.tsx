import { Table, Text, Title, useComputedColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Bars } from "../../components/charts/Bars";
import { colourOf } from "../../components/charts/colours";
import { useFormat } from "../../components/charts/useFormat";
import { useMoments } from "../../components/forms/moments";
import { Reading } from "../../components/Reading";
import type { DayUse } from "../../data/api-types";
import { useDataUse } from "../../data/history";

const WHO = ["car", "apps"] as const;
type Who = (typeof WHO)[number];

/** Return what somebody sent and received on a day. */
function sumOf(day: DayUse, who: Who): number {
  return who === "car" ? day.car_received + day.car_sent : day.apps_received + day.apps_sent;
}

/** How much a car and its apps have sent and received on each day. */
export function DataUse({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("records");
  const reading = useDataUse(vehicle);
  const { data } = reading;
  return (
    <>
      <Reading title={t("failed")} query={reading} />
      {data !== undefined && <UseOfDays use={data} />}
    </>
  );
}

/** What was sent and received on each day, as bars and as a table. */
export function UseOfDays({ use }: { use: readonly DayUse[] }) {
  const { t } = useTranslation("records");
  const days = [...use].sort((one, other) => one.day.localeCompare(other.day));
  return (
    <>
      {days.length === 0 && <Text c="dimmed">{t("use.none")}</Text>}
      {days.length > 0 && WHO.map((who) => <DayBars key={who} days={days} who={who} />)}
      {days.length > 0 && <DayTable days={days} />}
    </>
  );
}

function DayBars({ days, who }: { days: readonly DayUse[]; who: Who }) {
  const { t } = useTranslation("records");
  const { locale } = useFormat();
  const { bytes } = useMoments();
  const scheme = useComputedColorScheme("light");
  const label = new Intl.DateTimeFormat(locale, {
    timeZone: "UTC",
    day: "numeric",
    month: "short",
  });
  const colour = colourOf(who === "car" ? "distance" : "gps_speed", scheme);
  return (
    <section>
      <Title order={2} size="h4">
        {t(`use.${who}`)}
      </Title>
      <Bars
        label={t(`use.${who}`)}
        bars={days.map((day) => ({
          key: day.day,
          label: label.format(new Date(day.day)),
          parts: [{ key: who, colour, value: sumOf(day, who) }],
          text: bytes(sumOf(day, who)),
        }))}
      />
    </section>
  );
}

function DayTable({ days }: { days: readonly DayUse[] }) {
  const { t } = useTranslation("records");
  const { locale } = useFormat();
  const { bytes } = useMoments();
  const date = new Intl.DateTimeFormat(locale, { timeZone: "UTC", dateStyle: "medium" });
  return (
    <details>
      <summary>{t("use.table")}</summary>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("use.day")}</Table.Th>
            {WHO.map((who) => (
              <Table.Th key={who} scope="col" ta="right">
                {t(`use.${who}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {days.toReversed().map((day) => (
            <Table.Tr key={day.day}>
              <Table.Td>{date.format(new Date(day.day))}</Table.Td>
              {WHO.map((who) => (
                <Table.Td key={who} ta="right">
                  {bytes(sumOf(day, who))}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </details>
  );
}
