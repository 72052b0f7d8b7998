import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { PageSkeleton } from "../../components/PageSkeleton";
import { browserOf } from "../../data/browser";
import {
  type SessionAnswer,
  useEndOtherSessions,
  useEndSession,
  useSessions,
} from "../../data/sessions";

/** Where one is logged in; what one does not know can be ended. */
export function Sessions() {
  const { t } = useTranslation("account");
  const { data: sessions, error } = useSessions();
  const endOthers = useEndOtherSessions();
  if (sessions === undefined) return error === null ? <PageSkeleton /> : <Failure error={error} />;
  return (
    <Section title={t("sessions.title")} text={t("sessions.text")}>
      {sessions.items.map((session) => (
        <SessionCard key={session.id} session={session} />
      ))}
      <Failure error={endOthers.error} />
      {sessions.items.length > 1 && (
        <Button
          variant="default"
          w="fit-content"
          loading={endOthers.isPending}
          onClick={() => endOthers.mutate({})}
        >
          {t("sessions.endOthers")}
        </Button>
      )}
    </Section>
  );
}

function SessionCard({ session }: { session: SessionAnswer }) {
  const { t } = useTranslation("account");
  const { moment } = useMoments();
  const end = useEndSession();
  return (
    <Paper withBorder p="sm">
      <Stack gap={4}>
        <Group gap="xs">
          <Text fw={600}>{browserOf(session.agent) ?? t("sessions.unknown")}</Text>
          {session.is_current && <Badge variant="default">{t("sessions.here")}</Badge>}
        </Group>
        <Text size="sm">{session.address}</Text>
        <Text size="sm" c="dimmed">
          {t("used", { time: moment(session.used) })}
        </Text>
        <Failure error={end.error} />
        {!session.is_current && (
          <Button
            size="xs"
            variant="default"
            w="fit-content"
            mt="xs"
            loading={end.isPending}
            onClick={() => end.mutate({ path: { session_id: session.id } })}
          >
            {t("sessions.end")}
          </Button>
        )}
      </Stack>
    </Paper>
  );
}
