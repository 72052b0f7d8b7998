import { Alert, Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useModulePassword } from "../../data/device/useModulePassword";
import type { LiveVehicleView } from "../../data/live/types";
import { useDialog } from "../useDialog";

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
        <Alert icon={<IconLock aria-hidden />} color="gray" title={t(`sealed.${sealing}.title`)}>
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
      {dialog.opened === DIALOG && <PasswordDialog vehicle={vehicle} onClose={dialog.close} />}
    </>
  );
}

function PasswordDialog({ vehicle, onClose }: { vehicle: string; onClose: () => void }) {
  const { t } = useTranslation("car");
  const { isKnown, set, forget } = useModulePassword(vehicle);
  const [password, setPassword] = useState("");
  const keep = async (event: FormEvent) => {
    event.preventDefault();
    await set(password);
    onClose();
  };
  const remove = async () => {
    await forget();
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("sealed.dialog")}
      closeButtonProps={{ "aria-label": t("close") }}
      centered
    >
      <Stack component="form" onSubmit={keep}>
        <Text size="sm">{t("sealed.stays")}</Text>
        <PasswordInput
          label={t("sealed.password")}
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": t("sealed.show") }}
          data-autofocus
        />
        <Group justify="space-between">
          {isKnown === true ? (
            <Button variant="subtle" color="red" onClick={() => void remove()}>
              {t("sealed.forget")}
            </Button>
          ) : (
            <span />
          )}
          <Button type="submit" disabled={password === ""}>
            {t("sealed.unlock")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
