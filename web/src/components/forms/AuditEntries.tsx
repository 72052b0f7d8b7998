import { Button, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AuditAnswer, useAudit } from "../../data/audit";
import { Reading } from "../Reading";
import { useMoments } from "./moments";
import { useActionName } from "./useActionName";

interface Props {
  list: ReturnType<typeof useAudit>;
}

/** Entries of the audit trail, the newest first. */
export function AuditEntries({ list }: Props) {
  const { t } = useTranslation(["common", "account"]);
  const { moment } = useMoments();
  const nameOf = useActionName();
  if (list.data === undefined) return <Reading query={list} />;
  const entries = list.data.items;
  return (
    <Stack gap="sm">
      {entries.length === 0 && <Text c="dimmed">{t("account:log.none")}</Text>}
      {entries.map((entry) => (
        <div key={entry.id}>
          <Text fw={600}>{nameOf(entry.action)}</Text>
          <Text size="sm">{wordsOf(entry)}</Text>
          <Text size="sm" c="dimmed">
            {moment(entry.time)}
          </Text>
        </div>
      ))}
      {list.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t("actions.more")}
        </Button>
      )}
    </Stack>
  );
}

/** Return who did it to what, and from where, as far as it is known. */
function wordsOf({ actor, account, vehicle_id, detail, address }: AuditAnswer): string {
  const whose = account === actor ? null : account;
  return [actor, whose, vehicle_id, detail, address].filter(Boolean).join(" · ");
}
