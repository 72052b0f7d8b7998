import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../Dialog";
import { Failure } from "./Failure";

interface Props {
  opened: boolean;
  close: () => void;
  title: string;
  /** What it does, and what is lost. */
  text: string;
  /** What the button says: the deed. */
  action: string;
  onConfirm: () => void;
  isPending: boolean;
  error: Error | null;
  /** What must be typed first, so that nobody does it by mistake. */
  typed?: string;
  children?: ReactNode;
}

/** Asks before something that cannot be taken back. */
export function ConfirmDialog(props: Props) {
  const { opened, close, title } = props;
  return (
    <Dialog opened={opened} close={close} title={title}>
      <ConfirmForm {...props} />
    </Dialog>
  );
}

function ConfirmForm({ close, text, action, onConfirm, isPending, error, typed, children }: Props) {
  const { t } = useTranslation();
  const [said, setSaid] = useState("");
  const isRight = typed === undefined || said.trim() === typed;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isRight) onConfirm();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{text}</Text>
        {children}
        {typed !== undefined && (
          <TextInput
            label={t("actions.typeToConfirm", { what: typed })}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
            value={said}
            onChange={({ currentTarget }) => setSaid(currentTarget.value)}
          />
        )}
        <Failure error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("actions.cancel")}
          </Button>
          <Button type="submit" color="red" loading={isPending} disabled={!isRight}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
