import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../components/Dialog";
import { LinkForm } from "./LinkForm";
import { LinkList } from "./LinkList";

interface Props {
  vehicle: string;
  onClose: () => void;
}

/** Makes links to the live position, and ends them. */
export function LinkDialog({ vehicle, onClose }: Props) {
  const { t } = useTranslation("map");
  return (
    <Dialog close={onClose} title={t("link.title")}>
      <Stack>
        <Text size="sm">{t("link.text")}</Text>
        <LinkForm vehicle={vehicle} />
        <LinkList vehicle={vehicle} />
      </Stack>
    </Dialog>
  );
}
