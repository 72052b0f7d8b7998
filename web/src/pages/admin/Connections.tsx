import { Badge, Button, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import {
  type ConnectionFactsAnswer,
  useConnections,
  useEndConnection,
} from "../../data/connections";

/** Who is connected now. */
export function Connections() {
  const { t } = useTranslation("admin");
  const [search, setSearch] = useState("");
  const [searched] = useDebouncedValue(search.trim(), 300);
  const reading = useConnections(searched);
  const { data } = reading;
  return (
    <Section title={t("pages.connections")} text={t("connections.text")}>
      <TextInput
        label={t("search")}
        type="search"
        value={search}
        onChange={({ currentTarget }) => setSearch(currentTarget.value)}
      />
      <Reading query={reading} />
      {data?.items.length === 0 && <Text c="dimmed">{t("connections.none")}</Text>}
      {data?.items.map((connection) => (
        <ConnectionCard key={connection.id} connection={connection} />
      ))}
      {data !== undefined && data.next !== null && <Text>{t("connections.more")}</Text>}
    </Section>
  );
}

function ConnectionCard({ connection }: { connection: ConnectionFactsAnswer }) {
  const { t } = useTranslation("admin");
  const { bytes, moment } = useMoments();
  const end = useEndConnection();
  const { role, vehicle_id, owner, address, transport, since } = connection;
  const isSecure = transport === "tls" || transport === "wss";
  return (
    <Paper withBorder p="sm">
      <Stack gap={4}>
        <Group gap="xs">
          <Text fw={600}>{vehicle_id ?? t("connections.nobody")}</Text>
          <Badge variant="default">{t(`connections.roles.${role}`)}</Badge>
          <Badge variant="default">
            {isSecure ? t("connections.secure") : t("connections.plain")}
          </Badge>
        </Group>
        <Text size="sm">{[owner, address].filter(Boolean).join(" · ")}</Text>
        <Text size="sm" c="dimmed">
          {t("connections.since", {
            time: moment(since),
            received: bytes(connection.bytes_received),
            sent: bytes(connection.bytes_sent),
          })}
        </Text>
        <Failure error={end.error} />
        <Button
          size="xs"
          variant="default"
          w="fit-content"
          mt="xs"
          loading={end.isPending}
          onClick={() => end.mutate({ path: { connection_id: connection.id } })}
        >
          {t("connections.end")}
        </Button>
      </Stack>
    </Paper>
  );
}
