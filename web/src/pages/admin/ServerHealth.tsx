import { Alert, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useMoments } from "../../components/forms/moments";
import { Notice } from "../../components/forms/Notice";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import { UNKNOWN } from "../../data/quantities";
import { type ServerAnswer, useServer } from "../../data/server";
import { concernsOf, isWell, sumOf } from "./health";

/** Answers whether the server is well, and shows why. */
export function ServerHealth() {
  const { t } = useTranslation("admin");
  const reading = useServer();
  const server = reading.data;
  if (server === undefined) return <Reading query={reading} />;
  return (
    <Stack>
      <Reading query={reading} />
      {isWell(server) && (
        <Alert
          role="note"
          color="charge"
          icon={<IconCircleCheck aria-hidden />}
          title={t("health.well")}
        >
          {t("health.wellText")}
        </Alert>
      )}
      {server.troubles.map((trouble) => (
        <Notice key={trouble}>{trouble}</Notice>
      ))}
      {concernsOf(server).map((concern) => (
        <Notice key={concern}>{t(`health.concerns.${concern}`)}</Notice>
      ))}
      <Figures server={server} />
      <Details server={server} />
    </Stack>
  );
}

function Figures({ server }: { server: ServerAnswer }) {
  const { t } = useTranslation("admin");
  const { bytes, count } = useMoments();
  const days = server.certificates.map((each) => each.days);
  const figures = [
    [
      t("health.cars"),
      t("health.carsOf", { online: count(server.cars_online), all: count(server.vehicles) }),
    ],
    [t("health.connections"), count(sumOf(server.connections))],
    [t("health.logins"), count(server.logins_failed)],
    [t("health.free"), bytes(server.storage?.free ?? null)],
    [
      t("health.certificate"),
      days.length === 0 ? UNKNOWN : t("health.days", { count: Math.min(...days) }),
    ],
    [t("health.waiting"), count(sumOf(server.waiting))],
  ] as const;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm">
      {figures.map(([label, value]) => (
        <Paper key={label} withBorder p="sm">
          <Text size="sm" c="dimmed">
            {label}
          </Text>
          <Text size="xl" fw={600}>
            {value}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}

function Details({ server }: { server: ServerAnswer }) {
  const { t } = useTranslation("admin");
  const { bytes, count, moment } = useMoments();
  const backupOf = ({ backup }: ServerAnswer) => {
    if (backup === null) return t("health.noBackups");
    if (backup.last === null) return t("health.noBackupYet");
    return `${moment(backup.last)}, ${bytes(backup.bytes)}`;
  };
  const lines = [
    [t("health.version"), server.version],
    [t("health.since"), moment(server.since)],
    [t("health.database"), bytes(server.storage?.database ?? null)],
    [t("health.records"), count(server.storage?.records ?? null)],
    [t("health.streams"), count(server.streams)],
    [t("health.outbox"), count(sumOf(server.outbox))],
    [t("health.failed"), count(server.deliveries_failed)],
    [t("health.refused"), count(sumOf(server.refused))],
    [t("health.backup"), backupOf(server)],
  ] as const;
  return (
    <Section title={t("health.details")}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs" verticalSpacing="xs">
        {lines.map(([label, value]) => (
          <div key={label}>
            <Text size="sm" c="dimmed">
              {label}
            </Text>
            <Text>{value}</Text>
          </div>
        ))}
      </SimpleGrid>
    </Section>
  );
}
