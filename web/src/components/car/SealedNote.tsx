import { Alert, Button, Group, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { LiveVehicleView } from "../../data/live/types";
import { useDialog } from "../useDialog";

const PasswordDialog = lazy(() => import("./PasswordDialog"));

interface Props {
  vehicle: string;
  view: LiveVehicleView;
}

const DIALOG = "unseal";

/** Says that the car seals what it says, and asks for the password that opens it here. */
export function SealedNote({ vehicle, view }: Props) {
  const { t } = useTranslation("car");
  const dialog = useDialog();
  const { sealing } = view;
  return (
    <>
      {(sealing === "locked" || sealing === "wrong_password") && (
        <Alert
          role="note"
          icon={<IconLock aria-hidden />}
          color="gray"
          title={t(`sealed.${sealing}.title`)}
        >
          <Text size="sm" mb="xs">
            {t(`sealed.${sealing}.text`)}
          </Text>
          <Button size="sm" onClick={() => dialog.open(DIALOG)}>
            {t("sealed.unlock")}
          </Button>
        </Alert>
      )}
      {sealing === "unlocked" && (
        <Group gap={6} wrap="nowrap">
          <IconLock size={16} aria-hidden />
          <Text size="sm" c="dimmed">
            {t(view.seals_commands ? "sealed.opened" : "sealed.openedPlain")}
          </Text>
          <Button size="compact-sm" variant="subtle" onClick={() => dialog.open(DIALOG)}>
            {t("sealed.change")}
          </Button>
        </Group>
      )}
      {dialog.opened === DIALOG && (
        <Suspense fallback={null}>
          <PasswordDialog vehicle={vehicle} onClose={dialog.close} />
        </Suspense>
      )}
    </>
  );
}
