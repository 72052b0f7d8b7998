import { Alert, Anchor, Button, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { AccountFields, NO_ACCOUNT } from "../../components/forms/AccountFields";
import { Failure } from "../../components/forms/Failure";
import { isGoodPassword } from "../../components/forms/password";
import { useConfirmRegistration, useRegister } from "../../data/registration";
import { useWeb } from "../../data/web";
import { CodeForm } from "./CodeForm";
import { useCodeOfAddress } from "./codes";
import { EntryPage } from "./EntryPage";

/** Makes an account: asks for what it needs, then for the code that was mailed. */
export default function RegisterPage() {
  const { t } = useTranslation("setup");
  const { data: web } = useWeb();
  const code = useCodeOfAddress("code");
  const [isMailed, setMailed] = useState(code !== "");
  return (
    <EntryPage title={t("register.title")}>
      {web?.registration === false && code === "" ? (
        <Text>{t("register.off")}</Text>
      ) : isMailed ? (
        <Confirmation code={code} />
      ) : (
        <RegisterForm onMailed={() => setMailed(true)} />
      )}
      <Anchor component={Link} to="/login">
        {t("register.toLogin")}
      </Anchor>
    </EntryPage>
  );
}

function RegisterForm({ onMailed }: { onMailed: () => void }) {
  const { t } = useTranslation("setup");
  const register = useRegister();
  const [account, setAccount] = useState(NO_ACCOUNT);
  const { name, password } = account;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    register.mutate({ body: account }, { onSuccess: onMailed });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <AccountFields account={account} onChange={setAccount} />
        <Failure error={register.error} />
        <Button
          type="submit"
          loading={register.isPending}
          disabled={!isGoodPassword(password, name)}
        >
          {t("register.submit")}
        </Button>
      </Stack>
    </form>
  );
}

function Confirmation({ code }: { code: string }) {
  const { t } = useTranslation("setup");
  const confirm = useConfirmRegistration();
  if (confirm.data !== undefined) {
    return (
      <Alert role="status" title={t("register.done", { name: confirm.data.name })}>
        {t("register.doneText")}
      </Alert>
    );
  }
  return (
    <CodeForm
      text={t("register.mailed")}
      code={code}
      action={t("register.confirm")}
      isPending={confirm.isPending}
      error={confirm.error}
      onCode={(given) => confirm.mutate({ body: { code: given } })}
    />
  );
}
