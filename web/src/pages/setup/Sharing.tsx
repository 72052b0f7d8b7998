import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { PageSkeleton } from "../../components/PageSkeleton";
import { useDialog } from "../../components/useDialog";
import { type ShareAnswer, useEndShare, useShares } from "../../data/shares";
import { ShareForm } from "./ShareForm";

/** With whom a car is shared, and what they may do. */
export function Sharing({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const { data: shares, error } = useShares(vehicle);
  const { opened, open, close } = useDialog();
  if (shares === undefined) return error === null ? <PageSkeleton /> : <Failure error={error} />;
  const edited = shares.find(({ owner }) => opened === `share-${owner}`);
  return (
    <Section title={t("car.sharing")} text={t("sharing.text")}>
      {shares.length === 0 && <Text c="dimmed">{t("sharing.none")}</Text>}
      {shares.map((share) => (
        <ShareCard key={share.owner} share={share} onEdit={() => open(`share-${share.owner}`)} />
      ))}
      <Button
        w="fit-content"
        leftSection={<IconPlus size={20} aria-hidden />}
        onClick={() => open("share")}
      >
        {t("sharing.add")}
      </Button>
      <Dialog
        opened={opened === "share" || edited !== undefined}
        close={close}
        title={t("sharing.title", { vehicle })}
      >
        <ShareForm vehicle={vehicle} share={edited ?? null} close={close} />
      </Dialog>
    </Section>
  );
}

function ShareCard({ share, onEdit }: { share: ShareAnswer; onEdit: () => void }) {
  const { t } = useTranslation("setup");
  const { moment } = useMoments();
  const end = useEndShare(share.vehicle_id);
  const rights = share.rights.map((right) => t(`sharing.rights.${right}`)).join(" · ");
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <Text fw={600}>{share.owner}</Text>
        <Text size="sm">{rights}</Text>
        <Text size="sm" c="dimmed">
          {share.expires === null
            ? t("sharing.endless")
            : t("sharing.until", { time: moment(share.expires) })}
        </Text>
        <Failure error={end.error} />
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={onEdit}>
            {t("sharing.change")}
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={end.isPending}
            onClick={() =>
              end.mutate({ path: { vehicle_id: share.vehicle_id, owner: share.owner } })
            }
          >
            {t("sharing.end")}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
