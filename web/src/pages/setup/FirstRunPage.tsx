import { Button, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useNavigate } from "react-router";
import { DEVICE_ZONE } from "../../components/charts/useFormat";
import { AccountFields, NO_ACCOUNT } from "../../components/forms/AccountFields";
import { CopyText } from "../../components/forms/CopyText";
import { Failure } from "../../components/forms/Failure";
import { isGoodPassword } from "../../components/forms/password";
import { PageSkeleton } from "../../components/PageSkeleton";
import { useChangeAccount } from "../../data/account";
import { useFirstAdministrator, useSetup } from "../../data/registration";
import { useLogIn } from "../../data/session";
import { useCodeOfAddress } from "../login/codes";
import { EntryPage } from "../login/EntryPage";

/** Makes the first administrator of a new server, logs in as them, and leads to the set-up. */
export default function FirstRunPage() {
  const { t } = useTranslation("setup");
  const { data: setup, error, isPending } = useSetup();
  const token = useCodeOfAddress("token");
  // The server is set up as soon as the account is there, and the log-in is still on its way.
  const [isMaking, setMaking] = useState(false);
  if (isPending) return <PageSkeleton />;
  if (setup?.is_open === false && !isMaking) return <Navigate to="/" replace />;
  return (
    <EntryPage title={t("firstRun.title")}>
      <Text>{t("firstRun.text")}</Text>
      <Failure error={error} />
      <AdministratorForm token={token} onMaking={setMaking} />
    </EntryPage>
  );
}

interface FormProps {
  token: string;
  onMaking: (isMaking: boolean) => void;
}

function AdministratorForm({ token, onMaking }: FormProps) {
  const { t } = useTranslation("setup");
  const make = useFirstAdministrator();
  const logIn = useLogIn();
  const change = useChangeAccount();
  const navigate = useNavigate();
  const [given, setGiven] = useState(token);
  const [account, setAccount] = useState(NO_ACCOUNT);
  const { name, password } = account;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    onMaking(true);
    try {
      await make.mutateAsync({ body: { token: given.trim(), ...account } });
      await logIn.mutateAsync({ name, password });
      // A zone that the server does not know leaves the account at UTC; journeys say so.
      await change.mutateAsync({ body: { zone: DEVICE_ZONE } }).catch(() => undefined);
      navigate("/setup/new", { replace: true });
    } catch {
      onMaking(false); // what went wrong is shown in the form, or is asked for by the log-in
    }
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {token === "" && (
          <>
            <Text size="sm">{t("firstRun.noToken")}</Text>
            <CopyText text="journalctl -u ovms | grep set-up" label={t("firstRun.command")} />
            <TextInput
              label={t("firstRun.token")}
              autoComplete="off"
              spellCheck={false}
              required
              value={given}
              onChange={({ currentTarget }) => setGiven(currentTarget.value)}
            />
          </>
        )}
        <AccountFields
          account={account}
          onChange={setAccount}
          emailHelp={t("firstRun.emailHelp")}
        />
        <Failure error={make.error ?? logIn.error} known={{ bad_token: t("firstRun.badToken") }} />
        <Button
          type="submit"
          loading={make.isPending || logIn.isPending}
          disabled={!isGoodPassword(password, name)}
        >
          {t("firstRun.submit")}
        </Button>
      </Stack>
    </form>
  );
}
