import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  opened: boolean;
  close: () => void;
  title: string;
  children: ReactNode;
}

/** A dialog with a form in it. */
export function FormDialog({ opened, close, title, children }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      closeButtonProps={{ "aria-label": t("actions.close") }}
    >
      {children}
    </Modal>
  );
}
