import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useCar } from "../../components/car/useCar";
import { Dialog } from "../../components/Dialog";
import { AskButton } from "../../components/forms/AskButton";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import { type ShareAnswer, useEndShare, useShares } from "../../data/shares";
import { ShareForm } from "./ShareForm";

/** With whom a car is shared, and what they may do. */
export function Sharing({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const { name } = useCar(vehicle);
  const reading = useShares(vehicle);
  const shares = reading.data;
  const { opened, open, close } = useDialog();
  if (shares === undefined) return <Reading query={reading} />;
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
        title={t("sharing.title", { vehicle: name })}
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
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={onEdit}>
            {t("sharing.change")}
          </Button>
          <AskButton
            name={`end-${share.owner}`}
            action={t("sharing.end")}
            title={t("sharing.endTitle", { owner: share.owner })}
            text={t("sharing.endText")}
            isPending={end.isPending}
            error={end.error}
            onConfirm={(done) =>
              end.mutate({ path: { vehicle_id: share.vehicle_id, owner: share.owner } }, done)
            }
          />
        </Group>
      </Stack>
    </Paper>
  );
}
