import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { Reading } from "../../components/Reading";
import { useFigures } from "../../data/figures";
import { type LinkAnswer, useLinks, useRemoveLink } from "../../data/links";
import { useMinute } from "../../data/now";

/** The links that hold, each with what ends it. */
export function LinkList({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("map");
  const reading = useLinks(vehicle);
  const links = reading.data;
  const remove = useRemoveLink(vehicle);
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {t("link.present")}
      </Title>
      <Reading query={reading} skeleton={<Skeleton height={40} />} />
      <Failure error={remove.error} />
      {links?.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("link.none")}
        </Text>
      )}
      {links?.map((link) => (
        <Row
          key={link.id}
          link={link}
          isBusy={remove.isPending}
          onEnd={() => remove.mutate({ path: { vehicle_id: vehicle, link_id: link.id } })}
        />
      ))}
    </Stack>
  );
}

interface RowProps {
  link: LinkAnswer;
  isBusy: boolean;
  onEnd: () => void;
}

function Row({ link, isBusy, onEnd }: RowProps) {
  const { t } = useTranslation("map");
  const { clock } = useFigures();
  const now = useMinute();
  const label = link.label === "" ? t("link.noLabel") : link.label;
  const until = t("link.until", { time: clock(Date.parse(link.expires), now) });
  const looked =
    link.last_used === null
      ? t("link.neverLooked")
      : t("link.looked", { time: clock(Date.parse(link.last_used), now) });
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <Text size="sm">{label}</Text>
        <Text size="xs" c="dimmed">
          {until} · {looked}
        </Text>
      </div>
      <Button
        variant="default"
        size="compact-md"
        color="red"
        flex="none"
        disabled={isBusy}
        aria-label={t("link.endOf", { label })}
        onClick={onEnd}
      >
        {t("link.end")}
      </Button>
    </Group>
  );
}
