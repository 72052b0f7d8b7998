import { Alert, Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Failure } from "../../components/forms/Failure";
import { NewPassword } from "../../components/forms/NewPassword";
import { isGoodPassword } from "../../components/forms/password";
import { useForgotPassword, useSetForgottenPassword } from "../../data/registration";
import { CodeForm } from "./CodeForm";
import { useCodeOfAddress } from "./codes";
import { EntryPage } from "./EntryPage";

/** Sets a password that was forgotten, or a first one, by a code that is mailed. */
export default function ResetPage() {
  const { t } = useTranslation("setup");
  const code = useCodeOfAddress("code");
  const [isMailed, setMailed] = useState(code !== "");
  return (
    <EntryPage title={t("reset.title")}>
      {isMailed ? <SetPassword code={code} /> : <AskForCode onMailed={() => setMailed(true)} />}
      <Anchor component={Link} to="/login">
        {t("register.toLogin")}
      </Anchor>
    </EntryPage>
  );
}

function AskForCode({ onMailed }: { onMailed: () => void }) {
  const { t } = useTranslation("setup");
  const ask = useForgotPassword();
  const [account, setAccount] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate({ body: { account } }, { onSuccess: onMailed });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{t("reset.text")}</Text>
        <TextInput
          label={t("reset.account")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={account}
          onChange={({ currentTarget }) => setAccount(currentTarget.value)}
        />
        <Failure error={ask.error} />
        <Button type="submit" loading={ask.isPending}>
          {t("reset.submit")}
        </Button>
      </Stack>
    </form>
  );
}

function SetPassword({ code }: { code: string }) {
  const { t } = useTranslation("setup");
  const set = useSetForgottenPassword();
  const [password, setPassword] = useState("");
  if (set.isSuccess) return <Alert role="status">{t("reset.done")}</Alert>;
  return (
    <CodeForm
      text={t("reset.mailed")}
      code={code}
      action={t("reset.confirm")}
      isPending={set.isPending}
      error={set.error}
      isReady={isGoodPassword(password, "")}
      onCode={(given) => set.mutate({ body: { code: given, password } })}
    >
      <NewPassword
        label={t("fields.newPassword")}
        name=""
        value={password}
        onChange={setPassword}
      />
    </CodeForm>
  );
}
