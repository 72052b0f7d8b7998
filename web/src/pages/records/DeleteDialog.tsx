import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../components/charts/useFormat";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/forms/Failure";
import { useDeleteRecords, useRecordTypes } from "../../data/history";
import { UNKNOWN } from "../../data/quantities";
import { type Shown, spanOf } from "./filter";
import { Days } from "./RecordFilters";

interface Props {
  vehicle: string;
  shown: Shown;
  onClose: () => void;
}

/** Asks whether records are to be deleted, and says how many these are. */
export function DeleteDialog({ vehicle, shown, onClose }: Props) {
  const { t } = useTranslation("records");
  const { zone } = useFormat();
  const [days, setDays] = useState({ since: shown.since, until: shown.until });
  const span = spanOf(days, zone);
  const { data, error } = useRecordTypes(vehicle, span);
  const remove = useDeleteRecords(vehicle);
  const count = data === undefined ? null : countOf(data, shown.type);
  const send = () =>
    remove.mutate(
      { path: { vehicle_id: vehicle }, query: { type: shown.type, ...span } },
      { onSuccess: onClose },
    );
  return (
    <Dialog close={onClose} title={t("delete.title", { type: shown.type })}>
      <Stack gap="sm">
        <Text size="sm">{t("delete.text")}</Text>
        <Group gap="xs" align="end">
          <Days shown={days} onChange={setDays} />
        </Group>
        <Text fw={650} role="status">
          {count === null ? UNKNOWN : t("delete.count", { count })}
        </Text>
        <Failure error={error ?? remove.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("delete.cancel")}
          </Button>
          <Button color="red" disabled={!count} loading={remove.isPending} onClick={send}>
            {t("delete.do")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

function countOf(types: readonly { type: string; records: number }[], type: string): number {
  return types.find((each) => each.type === type)?.records ?? 0;
}
