import { Modal } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useFocusBack } from "./useFocusBack";

interface Props {
  /** It is open as long as it is there, unless this says otherwise. */
  opened?: boolean;
  close: () => void;
  title: string;
  size?: "xs" | "sm";
  centered?: boolean;
  children: ReactNode;
}

/** What all dialogs are made of. Escape closes it, and the focus goes back to what opened it. */
export function Dialog({ opened = true, close, children, ...looks }: Props) {
  const { t } = useTranslation();
  const root = useRef<HTMLDivElement>(null);
  useFocusBack(opened, root);
  return (
    <Modal
      ref={root}
      opened={opened}
      onClose={close}
      returnFocus={false}
      closeButtonProps={{ "aria-label": t("actions.close") }}
      {...looks}
    >
      {children}
    </Modal>
  );
}
