import { Button } from "@mantine/core";
import { type DialogName, useDialog } from "../useDialog";
import { ConfirmDialog } from "./ConfirmDialog";

interface Props {
  /** The name of the dialog in the address, no other one's on the page. */
  name: DialogName;
  /** What the button says: the deed. */
  action: string;
  /** What is asked before. */
  title: string;
  /** What it does, and what is lost. */
  text: string;
  isPending: boolean;
  error: Error | null;
  /** Does it, and says when it is done. */
  onConfirm: (options: { onSuccess: () => void }) => void;
}

/** The button of something that ends what is there; it asks before. */
export function AskButton({ name, action, title, text, isPending, error, onConfirm }: Props) {
  const { opened, open, close } = useDialog();
  return (
    <>
      <Button size="xs" variant="default" w="fit-content" onClick={() => open(name)}>
        {action}
      </Button>
      <ConfirmDialog
        opened={opened === name}
        close={close}
        title={title}
        text={text}
        action={action}
        isPending={isPending}
        error={error}
        onConfirm={() => onConfirm({ onSuccess: close })}
      />
    </>
  );
}
