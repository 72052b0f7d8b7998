import { Button, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAccount } from "../data/account";
import { useProve } from "../data/sessions";
import { Dialog } from "./Dialog";
import { Failure } from "./forms/Failure";

interface Props {
  /** Takes whether a proof was given. */
  finish: (isProven: boolean) => void;
}

/** The dialog that asks who calls. */
export default function ProofModal({ finish }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog close={() => finish(false)} title={t("proof.title")}>
      <ProofForm finish={finish} />
    </Dialog>
  );
}

function ProofForm({ finish }: Props) {
  const { t } = useTranslation();
  const prove = useProve();
  const { data: account } = useAccount();
  const [text, setText] = useState("");
  const hasTotp = account?.has_totp ?? false;
  const [byCode, setByCode] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = byCode ? { one_time_code: text } : { password: text };
    prove.mutate({ body }, { onSuccess: () => finish(true) });
  };
  if (account?.has_password === false && !hasTotp) return <Text>{t("proof.byPasskey")}</Text>;
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{t("proof.text")}</Text>
        {byCode ? (
          <TextInput
            label={t("login.code")}
            autoComplete="one-time-code"
            data-autofocus
            required
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
        ) : (
          <PasswordInput
            label={t("login.password")}
            autoComplete="current-password"
            data-autofocus
            required
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
          />
        )}
        <Failure error={prove.error} known={{ wrong_proof: t("proof.wrong") }} />
        <Group justify="space-between">
          {hasTotp ? (
            <Button variant="subtle" onClick={() => setByCode(!byCode)}>
              {byCode ? t("proof.usePassword") : t("proof.useCode")}
            </Button>
          ) : (
            <span />
          )}
          <Button type="submit" loading={prove.isPending}>
            {t("proof.submit")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
