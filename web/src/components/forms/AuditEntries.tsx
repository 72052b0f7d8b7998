import { Button, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AuditAnswer } from "../../data/audit";
import { PageSkeleton } from "../PageSkeleton";
import { Failure } from "./Failure";
import { useMoments } from "./moments";

interface Props {
  entries: readonly AuditAnswer[] | undefined;
  error: Error | null;
  hasMore: boolean;
  isLoading: boolean;
  loadMore: () => void;
}

/** Entries of the audit trail, the newest first. */
export function AuditEntries({ entries, error, hasMore, isLoading, loadMore }: Props) {
  const { t } = useTranslation(["common", "account"]);
  const { moment } = useMoments();
  if (entries === undefined) return error === null ? <PageSkeleton /> : <Failure error={error} />;
  return (
    <Stack gap="sm">
      {entries.length === 0 && <Text c="dimmed">{t("account:log.none")}</Text>}
      {entries.map((entry) => (
        <div key={entry.id}>
          <Text fw={600}>{entry.action}</Text>
          <Text size="sm">{wordsOf(entry)}</Text>
          <Text size="sm" c="dimmed">
            {moment(entry.time)}
          </Text>
        </div>
      ))}
      {hasMore && (
        <Button variant="default" w="fit-content" loading={isLoading} onClick={loadMore}>
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
