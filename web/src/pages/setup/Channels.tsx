import { Anchor, Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Notice } from "../../components/forms/Notice";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import {
  type ChannelAnswer,
  useChannels,
  useRemoveChannel,
  useTestChannel,
} from "../../data/channels";
import { UNKNOWN } from "../../data/quantities";
import type { Vehicle } from "../../data/vehicles";
import { ChannelForm } from "./ChannelForm";
import { namedKind } from "./channelKinds";

/** Who is told of a car's alerts, and by what. */
export function Channels({ vehicle }: { vehicle: Vehicle }) {
  const { t } = useTranslation("setup");
  const reading = useChannels(vehicle.id);
  const channels = reading.data;
  const { opened, open, close } = useDialog();
  if (channels === undefined) return <Reading query={reading} />;
  return (
    <Section title={t("car.alerts")} text={t("channels.text")}>
      {channels.length === 0 && <Text c="dimmed">{t("channels.none")}</Text>}
      {channels.map((channel) => (
        <ChannelCard key={channel.id} vehicle={vehicle.id} channel={channel} />
      ))}
      {vehicle.is_own && (
        <Button
          w="fit-content"
          leftSection={<IconPlus size={20} aria-hidden />}
          onClick={() => open("channel")}
        >
          {t("channels.add")}
        </Button>
      )}
      <Anchor
        component={Link}
        to={`/cars/${encodeURIComponent(vehicle.id)}/journeys/alerts`}
        size="sm"
      >
        {t("channels.rules")}
      </Anchor>
      <Dialog opened={opened === "channel"} close={close} title={t("channels.add")}>
        <ChannelForm vehicle={vehicle.id} taken={channels.map(({ id }) => id)} close={close} />
      </Dialog>
    </Section>
  );
}

function ChannelCard({ vehicle, channel }: { vehicle: string; channel: ChannelAnswer }) {
  const { t } = useTranslation("setup");
  const { moment } = useMoments();
  const test = useTestChannel(vehicle);
  const remove = useRemoveChannel(vehicle);
  const named = namedKind(channel.type);
  const path = { vehicle_id: vehicle, channel_id: channel.id };
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <Group gap="xs">
          <Text fw={600}>{channel.key}</Text>
          <Badge variant="default" tt="none">
            {named === null ? channel.type : t(`channels.kinds.${named}`)}
          </Badge>
        </Group>
        {channel.state === "failing" && (
          <Notice>{t("channels.failing", { time: moment(channel.failing) })}</Notice>
        )}
        {channel.state === "waiting" && <Notice>{t("channels.waiting")}</Notice>}
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            loading={test.isPending}
            onClick={() => test.mutate({ path })}
          >
            {t("channels.test")}
          </Button>
          {channel.id !== "owner" && (
            <Button
              size="xs"
              variant="default"
              loading={remove.isPending}
              onClick={() => remove.mutate({ path })}
            >
              {t("channels.remove")}
            </Button>
          )}
        </Group>
        {test.data?.is_delivered && <Text role="status">{t("channels.delivered")}</Text>}
        {test.data?.is_delivered === false && (
          <Notice>{t("channels.undelivered", { reason: test.data.reason ?? UNKNOWN })}</Notice>
        )}
        <Failure error={test.error ?? remove.error} />
      </Stack>
    </Paper>
  );
}
