import { Badge, Button, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../components/Dialog";
import { ConfirmDialog } from "../../components/forms/ConfirmDialog";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { ToldOnce } from "../../components/forms/ToldOnce";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import {
  type AdminVehicleAnswer,
  useAdminRemoveVehicle,
  useAdminVehicles,
  useTransferVehicle,
} from "../../data/admin";

/** All vehicles of the server. */
export function AdminVehicles() {
  const { t } = useTranslation("admin");
  const { t: common } = useTranslation();
  const [search, setSearch] = useState("");
  const [searched] = useDebouncedValue(search.trim(), 300);
  const vehicles = useAdminVehicles(searched === "" ? {} : { search: searched });
  const items = vehicles.data?.items;
  return (
    <Section title={t("pages.vehicles")}>
      <TextInput
        label={t("search")}
        type="search"
        value={search}
        onChange={({ currentTarget }) => setSearch(currentTarget.value)}
      />
      <Reading query={vehicles} />
      {items?.length === 0 && <Text c="dimmed">{t("nothingFound")}</Text>}
      {items?.map((vehicle) => (
        <VehicleCard key={vehicle.id} vehicle={vehicle} />
      ))}
      {vehicles.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          loading={vehicles.isFetchingNextPage}
          onClick={() => void vehicles.fetchNextPage()}
        >
          {common("actions.more")}
        </Button>
      )}
    </Section>
  );
}

function VehicleCard({ vehicle }: { vehicle: AdminVehicleAnswer }) {
  const { t } = useTranslation("admin");
  const { bytes, count, moment } = useMoments();
  const { opened, open, close } = useDialog();
  const remove = useAdminRemoveVehicle();
  return (
    <Paper withBorder p="sm">
      <Stack gap={4}>
        <Group gap="xs">
          <Text fw={600}>{vehicle.id}</Text>
          <Badge variant="default">
            {vehicle.is_online ? t("vehicles.online") : t("vehicles.offline")}
          </Badge>
        </Group>
        <Text size="sm">{t("vehicles.of", { owner: vehicle.owner })}</Text>
        <Text size="sm" c="dimmed">
          {t("vehicles.heard", { time: moment(vehicle.last_heard), bytes: bytes(vehicle.bytes) })}
        </Text>
        <Text size="sm" c="dimmed">
          {t("vehicles.kept", {
            records: count(vehicle.records),
            positions: count(vehicle.positions),
            journeys: count(vehicle.journeys),
          })}
        </Text>
        <Group gap="xs" mt="xs">
          <Button size="xs" variant="default" onClick={() => open(`give-${vehicle.id}`)}>
            {t("vehicles.transfer")}
          </Button>
          <Button size="xs" variant="default" onClick={() => open(`remove-${vehicle.id}`)}>
            {t("vehicles.remove")}
          </Button>
        </Group>
      </Stack>
      <Dialog
        opened={opened === `give-${vehicle.id}`}
        close={close}
        title={t("vehicles.transferTitle", { vehicle: vehicle.id })}
      >
        <TransferForm vehicle={vehicle.id} />
      </Dialog>
      <ConfirmDialog
        opened={opened === `remove-${vehicle.id}`}
        close={close}
        title={t("vehicles.removeTitle", { vehicle: vehicle.id })}
        text={t("vehicles.removeText")}
        action={t("vehicles.remove")}
        typed={vehicle.id}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate({ path: { vehicle_id: vehicle.id } }, { onSuccess: close })}
      />
    </Paper>
  );
}

function TransferForm({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("admin");
  const transfer = useTransferVehicle();
  const [owner, setOwner] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    transfer.mutate({ path: { vehicle_id: vehicle }, body: { owner: owner.trim() } });
  };
  if (transfer.data !== undefined) {
    return (
      <Stack>
        <Text role="status">{t("vehicles.transferred", { owner: transfer.data.owner })}</Text>
        {transfer.data.secret !== null && (
          <ToldOnce title={t("vehicles.secret")} secret={transfer.data.secret} />
        )}
      </Stack>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t("vehicles.transferText")}</Text>
        <TextInput
          label={t("vehicles.newOwner")}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
          value={owner}
          onChange={({ currentTarget }) => setOwner(currentTarget.value)}
        />
        <Failure error={transfer.error} />
        <Button type="submit" loading={transfer.isPending}>
          {t("vehicles.transfer")}
        </Button>
      </Stack>
    </form>
  );
}
