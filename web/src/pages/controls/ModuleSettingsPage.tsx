import { Accordion, Alert, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import {
  SETTERS,
  type Setting,
  type SettingsKind,
  shownValue,
} from "../../components/car/control/moduleSettings";
import { SettingField } from "../../components/car/control/SettingField";
import { useControls } from "../../components/car/control/useControls";
import { ListError, useModuleSettings } from "../../components/car/control/useModuleSettings";
import { useFailureText } from "../../components/car/control/useProgressText";
import { usePageTitle } from "../../components/usePageTitle";
import { useUnsavedWarning } from "../../components/useUnsavedWarning";
import { BackToControls } from "./BackToControls";
import classes from "./ModuleSettingsPage.module.css";
import { Obstacle } from "./Obstacle";

const NEEDS = {
  features: { list: ["command"], set: ["command", "manage"] },
  parameters: { list: ["owner"], set: ["owner"] },
} as const;

/** The features or parameters of a car's module as a form. */
export function ModuleSettingsPage({ kind }: { kind: SettingsKind }) {
  const { t } = useTranslation("controls");
  const vehicle = useParams().vehicle ?? "";
  const { desk, obstacle } = useControls(vehicle);
  const why = obstacle(kind, ...NEEDS[kind].list);
  const whyNotSet = obstacle(SETTERS[kind].command, ...NEEDS[kind].set);
  const form = useModuleSettings(vehicle, kind, desk, why === null);
  usePageTitle(t(`${kind}.title`));
  useUnsavedWarning(form.changes.length > 0, t("settings.leave"));
  const others = form.settings.filter(({ name: known }) => known === null);
  const field = (setting: Setting) => (
    <SettingField
      key={setting.number}
      kind={kind}
      setting={setting}
      shown={shownValue(setting, form.drafts)}
      isOff={whyNotSet !== null || form.isSending}
      desk={desk}
      onType={form.type}
    />
  );
  return (
    <Stack p="md" gap="md" maw={640}>
      <BackToControls vehicle={vehicle} />
      <Title order={1} size="h2">
        {t(`${kind}.title`)}
      </Title>
      <Text size="sm" c="dimmed">
        {t(`${kind}.text`)}
      </Text>
      <Obstacle why={why ?? whyNotSet} />
      <Loading form={form} />
      {form.settings.filter(({ name: known }) => known !== null).map(field)}
      {others.length > 0 && (
        <Accordion variant="separated">
          <Accordion.Item value="others">
            <Accordion.Control>{t("settings.others")}</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="md">{others.map(field)}</Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      )}
      {form.changes.length > 0 && (
        <Group className={classes.bar ?? ""}>
          <Text size="sm">{t("settings.unsent", { count: form.changes.length })}</Text>
          <Button variant="default" onClick={form.discard} disabled={form.isSending}>
            {t("settings.discard")}
          </Button>
          <Button onClick={() => void form.send()} loading={form.isSending}>
            {t("send")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** Says that the list is on its way, or why it did not come. */
function Loading({ form }: { form: ReturnType<typeof useModuleSettings> }) {
  const { t } = useTranslation("controls");
  const say = useFailureText();
  const { query } = form;
  if (query.isFetching && query.data === undefined) {
    return (
      <Stack gap="sm" aria-busy="true">
        <Text size="sm" role="status">
          {t("settings.asking")}
        </Text>
        {[0, 1, 2, 3].map((each) => (
          <Skeleton key={each} height={56} />
        ))}
      </Stack>
    );
  }
  if (query.error === null) return null;
  const { error } = query;
  return (
    <Alert color="red" title={t("settings.failed")}>
      <Text size="sm" mb="xs">
        {error instanceof ListError ? say(error.run) : null}
      </Text>
      <Button size="sm" variant="default" onClick={() => void query.refetch()}>
        {t("settings.again")}
      </Button>
    </Alert>
  );
}
