import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../components/Dialog";
import { ConfirmDialog } from "../../components/forms/ConfirmDialog";
import { useMoments } from "../../components/forms/moments";
import { Notice } from "../../components/forms/Notice";
import { Section } from "../../components/forms/Section";
import { ToldOnce } from "../../components/forms/ToldOnce";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import { useModuleServer, useToldSecret } from "../../data/moduleSetup";
import {
  type MadeProvision,
  type ProvisionAnswer,
  useProvision,
  usePutProvision,
  useRemoveProvision,
} from "../../data/provision";
import { ProvisionForm } from "./ProvisionForm";
import { ProvisionOnModule } from "./ProvisionOnModule";
import { ProvisionTold } from "./ProvisionTold";
import { addressOf } from "./provisionRecord";

/** The record by which a new module becomes this vehicle: made, looked at, removed. */
export function Provision({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const reading = useProvision(vehicle);
  const readingServer = useModuleServer();
  const put = usePutProvision(vehicle);
  const { opened, open, close } = useDialog();
  if (reading.data === undefined) return <Reading query={reading} />;
  if (readingServer.data === undefined) return <Reading query={readingServer} />;
  const { record } = reading.data;
  const server = readingServer.data;
  return (
    <>
      <Section title={t("car.provision")} text={t("provision.text")}>
        {record === null ? (
          <Stack gap="sm">
            <Text>{t("provision.none")}</Text>
            <Button
              w="fit-content"
              leftSection={<IconPlus size={20} aria-hidden />}
              onClick={() => open("record")}
            >
              {t("provision.make")}
            </Button>
          </Stack>
        ) : (
          <RecordCard vehicle={vehicle} record={record} onReplace={() => open("record")} />
        )}
        <Dialog
          opened={opened === "record"}
          close={close}
          title={t("provision.title", { vehicle })}
        >
          <ProvisionForm
            vehicle={vehicle}
            vin={record?.vin ?? ""}
            server={addressOf(server)}
            put={put}
            close={close}
          />
        </Dialog>
      </Section>
      {record !== null && put.data !== undefined && <Made vehicle={vehicle} made={put.data} />}
      <ProvisionOnModule vehicle={vehicle} server={addressOf(server)} made={put.data ?? null} />
    </>
  );
}

/** What the page knows of a record that it has just made, and no one tells again. */
function Made({ vehicle, made }: { vehicle: string; made: MadeProvision }) {
  const { t } = useTranslation("setup");
  const secret = useToldSecret(vehicle);
  return (
    <Section title={t("provision.gets")} text={t("provision.getsText")}>
      <ProvisionTold parameters={made.parameters} />
      {made.secret !== null && secret === made.secret && (
        <ToldOnce title={t("module.secretOf", { vehicle })} secret={secret} />
      )}
    </Section>
  );
}

interface RecordProps {
  vehicle: string;
  record: ProvisionAnswer;
  onReplace: () => void;
}

function RecordCard({ vehicle, record, onReplace }: RecordProps) {
  const { t } = useTranslation("setup");
  const { moment } = useMoments();
  const remove = useRemoveProvision(vehicle);
  const { opened, open, close } = useDialog();
  const { vin, changed, last_used: used } = record;
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <Text fw={600}>{vin}</Text>
        <Text size="sm">{t("provision.made", { time: moment(changed) })}</Text>
        {used === null ? (
          <Text size="sm">{t("provision.unused")}</Text>
        ) : (
          <Notice>{t("provision.used", { time: moment(used) })}</Notice>
        )}
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={onReplace}>
            {t("provision.replace")}
          </Button>
          <Button size="xs" variant="default" onClick={() => open("remove-record")}>
            {t("provision.remove")}
          </Button>
        </Group>
        <ConfirmDialog
          opened={opened === "remove-record"}
          close={close}
          title={t("provision.removeTitle", { vin })}
          text={t("provision.removeText")}
          action={t("provision.remove")}
          onConfirm={() => remove.mutate({ path: { vehicle_id: vehicle } }, { onSuccess: close })}
          isPending={remove.isPending}
          error={remove.error}
        />
      </Stack>
    </Paper>
  );
}
