import { Button, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";

interface Props {
  text: string;
  /** What the link of the mail had; may be empty. */
  code: string;
  action: string;
  isPending: boolean;
  error: Error | null;
  /** What to say of some errors in place of the server's words, by their codes. */
  known?: Record<string, string>;
  onCode: (code: string) => void;
  isReady?: boolean;
  children?: ReactNode;
}

/** Asks for the code that was mailed. */
export function CodeForm(props: Props) {
  const {
    text,
    code,
    action,
    isPending,
    error,
    onCode,
    known = {},
    isReady = true,
    children,
  } = props;
  const { t } = useTranslation("setup");
  const [given, setGiven] = useState(code);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onCode(given.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{text}</Text>
        <TextInput
          label={t("fields.code")}
          autoComplete="one-time-code"
          spellCheck={false}
          required
          value={given}
          onChange={({ currentTarget }) => setGiven(currentTarget.value)}
        />
        {children}
        <Failure error={error} known={known} />
        <Button type="submit" loading={isPending} disabled={!isReady}>
          {action}
        </Button>
      </Stack>
    </form>
  );
}
