import { Anchor, Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { PageSkeleton } from "../../components/PageSkeleton";
import { type ReceivedShare, useGiveBack, useReceivedShares } from "../../data/shares";

/** Cars that others share with the caller. */
export function ReceivedShares() {
  const { t } = useTranslation("account");
  const { data: shares, error } = useReceivedShares();
  if (shares === undefined) return error === null ? <PageSkeleton /> : <Failure error={error} />;
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
      <Button
        size="xs"
        variant="default"
        loading={giveBack.isPending}
        onClick={() => giveBack.mutate({ path: { vehicle_id: share.vehicle_id } })}
      >
        {t("shared.giveBack")}
      </Button>
      <Failure error={giveBack.error} />
    </Group>
  );
}
