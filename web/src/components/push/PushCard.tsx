import { Button, Card, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconBellRinging } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { deviceName, type PushState, usePush, usePushDevices, usePushState } from "../../data/push";
import { Failure } from "../forms/Failure";
import { Reading } from "../Reading";

/** Whether this device is told of alerts while the app is closed, and the switch for it. */
export function PushCard() {
  const { t } = useTranslation("alerts");
  const state = usePushState();
  const reading = usePushDevices();
  const { data } = reading;
  return (
    <Card withBorder p="md" component="section" aria-label={t("push.title")}>
      <Stack gap="xs">
        <Group gap="xs">
          <IconBellRinging size={20} stroke={1.5} aria-hidden />
          <Title order={2} size="h4">
            {t("push.title")}
          </Title>
        </Group>
        <Reading query={reading} skeleton={<Skeleton height={80} />} />
        {data === undefined || state === undefined ? null : data.key === null ? (
          <Text c="dimmed">{t("push.notHere")}</Text>
        ) : (
          <Switch state={state} serverKey={data.key} />
        )}
      </Stack>
    </Card>
  );
}

function Switch({ state, serverKey }: { state: PushState; serverKey: string }) {
  const { t } = useTranslation("alerts");
  const push = usePush();
  const begin = useMutation({
    mutationFn: () => push.begin(serverKey, deviceName(navigator.userAgent)),
  });
  return (
    <>
      <Text c="dimmed">{t(`push.states.${state}`)}</Text>
      {state === "off" && (
        <Button w="fit-content" loading={begin.isPending} onClick={() => begin.mutate()}>
          {t("push.begin")}
        </Button>
      )}
      <Failure error={begin.error} known={{ fault: t("push.failed") }} />
      {state === "on" && <Running />}
    </>
  );
}

function Running() {
  const { t } = useTranslation("alerts");
  const push = usePush();
  const end = useMutation({ mutationFn: push.end });
  const test = useMutation({ mutationFn: push.test });
  const outcome = test.data ?? null;
  return (
    <>
      <Group gap="xs">
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          {t("push.test")}
        </Button>
        <Button variant="subtle" color="gray" loading={end.isPending} onClick={() => end.mutate()}>
          {t("push.end")}
        </Button>
      </Group>
      <div role="status">
        {outcome !== null && (
          <Text size="sm">
            {outcome.is_delivered
              ? t("push.delivered")
              : t("push.undelivered", { reason: outcome.reason })}
          </Text>
        )}
      </div>
      <Failure error={end.error ?? test.error} />
    </>
  );
}
