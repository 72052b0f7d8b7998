import { Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useLocation, useSearchParams } from "react-router";
import { Failure } from "../../components/forms/Failure";
import { ApiError } from "../../data/api";
import { hasPasskeys, usePasskeyLogIn } from "../../data/passkeys";
import { useLogIn, useSession } from "../../data/session";
import { useWeb } from "../../data/web";
import { EntryPage } from "./EntryPage";

/** Logs in by password, with a one-time code where the account has them, and leads back. */
export default function LoginPage() {
  const { t } = useTranslation();
  const { data: who } = useSession();
  const { data: web } = useWeb();
  const [search] = useSearchParams();
  const { hash } = useLocation();
  if (who) return <Navigate to={safeNext(search.get("next")) + hash} replace />;
  if (web?.is_new) return <Navigate to="/first-run" replace />;
  return (
    <EntryPage title={t("login.title")}>
      <LoginForm />
      {hasPasskeys() && <PasskeyButton />}
      {web?.mail && (
        <Anchor component={Link} to="/reset">
          {t("login.forgot")}
        </Anchor>
      )}
      {web?.registration && (
        <Anchor component={Link} to="/register">
          {t("login.register")}
        </Anchor>
      )}
      {web?.demo && (
        <Anchor component={Link} to="/demo">
          {t("login.demo")}
        </Anchor>
      )}
    </EntryPage>
  );
}

function LoginForm() {
  const { t } = useTranslation();
  const logIn = useLogIn();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const failure = logIn.error instanceof ApiError ? logIn.error.code : "";
  const needsCode = failure === "one_time_code_needed" || failure === "wrong_one_time_code";
  const [asksCode, setAsksCode] = useState(false);
  if (needsCode && !asksCode) setAsksCode(true);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    logIn.mutate({ name, password, ...(code === "" ? {} : { one_time_code: code }) });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t("login.name")}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <PasswordInput
          label={t("login.password")}
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
        />
        {asksCode && (
          <TextInput
            label={t("login.code")}
            description={t("login.codeHelp")}
            name="code"
            autoComplete="one-time-code"
            autoFocus
            required
            value={code}
            onChange={({ currentTarget }) => setCode(currentTarget.value)}
          />
        )}
        {failure !== "one_time_code_needed" && (
          <Failure
            error={logIn.error}
            known={{ wrong_login: t("login.wrong"), wrong_one_time_code: t("login.wrongCode") }}
          />
        )}
        <Button type="submit" loading={logIn.isPending}>
          {t("login.submit")}
        </Button>
      </Stack>
    </form>
  );
}

function PasskeyButton() {
  const { t } = useTranslation();
  const logIn = usePasskeyLogIn();
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconFingerprint size={20} aria-hidden />}
        onClick={() => logIn.mutate()}
        loading={logIn.isPending}
      >
        {t("login.passkey")}
      </Button>
      <PasskeyFailure error={logIn.error} />
    </>
  );
}

/** The browser's own errors say nothing to people: mostly nobody chose a passkey. */
function PasskeyFailure({ error }: { error: Error | null }) {
  const { t } = useTranslation();
  return (
    <Failure
      error={error}
      known={{ fault: t("login.noPasskey"), no_public_url: t("login.passkeysOff") }}
    />
  );
}

/** Return where to go after the log-in: an address of this app, whatever the link said. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/";
}
