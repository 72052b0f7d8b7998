import { Anchor, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { AskButton } from "../../components/forms/AskButton";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import { type ReceivedShare, useGiveBack, useReceivedShares } from "../../data/shares";

/** Cars that others share with the caller. */
export function ReceivedShares() {
  const { t } = useTranslation("account");
  const reading = useReceivedShares();
  const shares = reading.data;
  if (shares === undefined) return <Reading query={reading} />;
  return (
    <Section title={t("shared.title")} text={t("shared.text")}>
      {shares.length === 0 && <Text c="dimmed">{t("shared.none")}</Text>}
      {shares.map((share) => (
        <ShareLine key={share.vehicle_id} share={share} />
      ))}
    </Section>
  );
}

function ShareLine({ share }: { share: ReceivedShare }) {
  const { t } = useTranslation(["account", "setup"]);
  const { moment } = useMoments();
  const giveBack = useGiveBack();
  const ends =
    share.expires === null
      ? t("tokens.endless")
      : t("tokens.until", { time: moment(share.expires) });
  const rights = share.rights.map((right) => t(`setup:sharing.rights.${right}`)).join(" · ");
  return (
    <Group justify="space-between">
      <div>
        <Anchor component={Link} to={`/cars/${encodeURIComponent(share.vehicle_id)}`} fw={600}>
          {share.vehicle_id}
        </Anchor>
        <Text size="sm">{t("shared.by", { owner: share.owner })}</Text>
        <Text size="sm" c="dimmed">
          {rights} · {ends}
        </Text>
      </div>
      <AskButton
        name={`give-back-${share.vehicle_id}`}
        action={t("shared.giveBack")}
        title={t("shared.giveBackTitle", { vehicle: share.vehicle_id })}
        text={t("shared.giveBackText", { owner: share.owner })}
        isPending={giveBack.isPending}
        error={giveBack.error}
        onConfirm={(done) => giveBack.mutate({ path: { vehicle_id: share.vehicle_id } }, done)}
      />
    </Group>
  );
}
