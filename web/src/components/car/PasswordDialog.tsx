import { Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useModulePassword } from "../../data/device/useModulePassword";
import { Dialog } from "../Dialog";

/** Asks for the module's password, or forgets it; it stays on this device. */
export default function PasswordDialog({
  vehicle,
  onClose,
}: {
  vehicle: string;
  onClose: () => void;
}) {
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
    <Dialog close={onClose} title={t("sealed.dialog")} centered>
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
    </Dialog>
  );
}
