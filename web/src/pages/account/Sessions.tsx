import { Badge, Group, Paper, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { AskButton } from "../../components/forms/AskButton";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
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
  const reading = useSessions();
  const sessions = reading.data;
  const endOthers = useEndOtherSessions();
  if (sessions === undefined) return <Reading query={reading} />;
  return (
    <Section title={t("sessions.title")} text={t("sessions.text")}>
      {sessions.items.map((session) => (
        <SessionCard key={session.id} session={session} />
      ))}
      {sessions.items.length > 1 && (
        <AskButton
          name="end-others"
          action={t("sessions.endOthers")}
          title={t("sessions.endOthersTitle")}
          text={t("sessions.endOthersText")}
          isPending={endOthers.isPending}
          error={endOthers.error}
          onConfirm={(done) => endOthers.mutate({}, done)}
        />
      )}
    </Section>
  );
}

function SessionCard({ session }: { session: SessionAnswer }) {
  const { t } = useTranslation("account");
  const { moment } = useMoments();
  const end = useEndSession();
  const browser = browserOf(session.agent) ?? t("sessions.unknown");
  return (
    <Paper withBorder p="sm">
      <Stack gap={4}>
        <Group gap="xs">
          <Text fw={600}>{browser}</Text>
          {session.is_current && <Badge variant="default">{t("sessions.here")}</Badge>}
        </Group>
        <Text size="sm">{session.address}</Text>
        <Text size="sm" c="dimmed">
          {t("used", { time: moment(session.used) })}
        </Text>
        {!session.is_current && (
          <AskButton
            name={`end-${session.id}`}
            action={t("sessions.end")}
            title={t("sessions.endTitle", { browser })}
            text={t("sessions.endText")}
            isPending={end.isPending}
            error={end.error}
            onConfirm={(done) => end.mutate({ path: { session_id: session.id } }, done)}
          />
        )}
      </Stack>
    </Paper>
  );
}
