import { Button, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../Dialog";
import type { ControlKey } from "./controls";

interface Props {
  control: ControlKey;
  onSend: () => void;
  onClose: () => void;
}

/** Asks whether a command is meant that cannot be taken back. */
export default function ConfirmControl({ control, onSend, onClose }: Props) {
  const { t } = useTranslation("controls");
  return (
    <Dialog close={onClose} title={t(`ask.${control}`)} size="sm" centered>
      <Stack>
        <Text size="sm">{t(`confirm.${control}` as never)}</Text>
        <Group grow>
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("cancel")}
          </Button>
          <Button onClick={onSend}>{t(`name.${control}`)}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
