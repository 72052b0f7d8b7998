import { Alert, Anchor, Button, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { AccountFields, NO_ACCOUNT } from "../../components/forms/AccountFields";
import { Failure } from "../../components/forms/Failure";
import { isGoodPassword } from "../../components/forms/password";
import { ApiError } from "../../data/api";
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
        <Confirmation code={code} onAgain={() => setMailed(false)} />
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

interface ConfirmationProps {
  code: string;
  /** Leads back to the first step. */
  onAgain: () => void;
}

function Confirmation({ code, onAgain }: ConfirmationProps) {
  const { t } = useTranslation("setup");
  const confirm = useConfirmRegistration();
  const isTaken = confirm.error instanceof ApiError && confirm.error.code === "taken";
  if (confirm.data !== undefined) {
    return (
      <Alert role="status" title={t("register.done", { name: confirm.data.name })}>
        {t("register.doneText")}
      </Alert>
    );
  }
  return (
    <>
      <CodeForm
        text={t("register.mailed")}
        code={code}
        action={t("register.confirm")}
        isPending={confirm.isPending}
        error={confirm.error}
        known={{ taken: t("register.taken") }}
        onCode={(given) => confirm.mutate({ body: { code: given } })}
      />
      {isTaken && (
        <Button variant="default" onClick={onAgain}>
          {t("register.again")}
        </Button>
      )}
    </>
  );
}
