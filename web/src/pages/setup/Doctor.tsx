import { Alert, Anchor, Group, Loader, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconPlugConnectedX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Notice } from "../../components/forms/Notice";
import { Section } from "../../components/forms/Section";
import { type ConnectionAnswer, useConnection } from "../../data/connection";
import { useRefusedCalls } from "../../data/moduleSetup";
import { useNow } from "../../data/now";
import { type Finding, findingsOf, knownReason } from "./findings";

/** Seconds between two looks. */
const EVERY = 2;

/** Findings that are shown; older ones help nobody. */
const SHOWN = 4;

/** Says live what the server sees of a module, until the car is in; ages count silently. */
export function Doctor({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const { data: connection, error } = useConnection(vehicle, { every: EVERY });
  const { data: refused } = useRefusedCalls(vehicle, { every: EVERY });
  const findings = findingsOf(vehicle, connection, refused).slice(0, SHOWN);
  return (
    <Section title={t("doctor.title")}>
      <Failure error={error} />
      <div aria-live="polite">
        {connection?.is_online ? (
          <Connected vehicle={vehicle} connection={connection} />
        ) : (
          <Waiting findings={findings} heard={connection?.heard ?? null} />
        )}
      </div>
    </Section>
  );
}

function Connected({ vehicle, connection }: { vehicle: string; connection: ConnectionAnswer }) {
  const { t } = useTranslation("setup");
  const { transport, address } = connection;
  return (
    <Alert role="note" color="charge" icon={<IconCircleCheck aria-hidden />} title={t("doctor.in")}>
      <Stack gap="xs">
        {address !== null && <Text size="sm">{t("doctor.from", { address })}</Text>}
        {transport !== null && <Text size="sm">{t(`doctor.transport.${transport}`)}</Text>}
        <Anchor component={Link} to={`/cars/${encodeURIComponent(vehicle)}`} fw={600}>
          {t("doctor.toCar")}
        </Anchor>
      </Stack>
    </Alert>
  );
}

function Waiting({ findings, heard }: { findings: Finding[]; heard: string | null }) {
  const { t } = useTranslation("setup");
  const { ago } = useMoments();
  const now = useNow();
  return (
    <Stack gap="sm">
      <Group gap="sm" wrap="nowrap">
        <Loader type="dots" size="sm" aria-hidden />
        <Text aria-live={heard === null ? undefined : "off"}>
          {heard !== null
            ? t("doctor.away", { ago: ago(heard, now) })
            : t(findings.length === 0 ? "doctor.waiting" : "doctor.refused")}
        </Text>
      </Group>
      {findings.length === 0 && heard === null && (
        <Text size="sm" c="dimmed">
          {t("doctor.nothing")}
        </Text>
      )}
      {findings.map((finding) => (
        <FindingAlert
          key={`${finding.address} ${finding.reason} ${finding.vehicleId}`}
          {...finding}
        />
      ))}
    </Stack>
  );
}

function FindingAlert({ reason, isOwnId, vehicleId, address, time, count, message }: Finding) {
  const { t } = useTranslation("setup");
  const { ago } = useMoments();
  const now = useNow();
  const known = knownReason(reason);
  const who = isOwnId
    ? t("doctor.ownId", { address })
    : vehicleId === null
      ? t("doctor.noId", { address })
      : t("doctor.otherId", { address, id: vehicleId });
  return (
    <Notice icon={<IconPlugConnectedX aria-hidden />} title={who}>
      <Stack gap={4}>
        <Text size="sm">{known === null ? message : t(`doctor.reasons.${known}`)}</Text>
        <Text size="sm" aria-live="off">
          {t("doctor.times", { count, ago: ago(time, now) })}
        </Text>
      </Stack>
    </Notice>
  );
}
