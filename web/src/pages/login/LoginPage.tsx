import {
  Alert,
  Anchor,
  Button,
  Paper,
  PasswordInput,
  Stack,
  TextInput,
  Title,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useSearchParams } from "react-router";
import { useErrorText } from "../../components/useErrorText";
import { usePageTitle } from "../../components/usePageTitle";
import { ApiError } from "../../data/api";
import { useLogIn, useSession } from "../../data/session";
import { useWeb } from "../../data/web";
import classes from "./LoginPage.module.css";

/** Logs in by password, with a one-time code where the account has them, and leads back. */
export default function LoginPage() {
  const { t } = useTranslation();
  const { data: who } = useSession();
  const { data: web } = useWeb();
  const [search] = useSearchParams();
  usePageTitle(t("login.title"));
  if (who) return <Navigate to={safeNext(search.get("next"))} replace />;
  if (web?.is_new) return <Navigate to="/first-run" replace />;
  return (
    <main className={classes.page}>
      <Paper withBorder p="xl" w="100%" maw={400}>
        <Stack>
          <img src="/icons/icon.svg" alt="" width="48" height="48" />
          <Title order={1} size="h2">
            {t("login.title")}
          </Title>
          <LoginForm />
          {web?.demo && (
            <Anchor component={Link} to="/demo">
              {t("login.demo")}
            </Anchor>
          )}
        </Stack>
      </Paper>
    </main>
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
        <Failure error={logIn.error} />
        <Button type="submit" loading={logIn.isPending}>
          {t("login.submit")}
        </Button>
      </Stack>
    </form>
  );
}

function Failure({ error }: { error: Error | null }) {
  const { t } = useTranslation();
  const say = useErrorText();
  const code = error instanceof ApiError ? error.code : "";
  if (error === null || code === "one_time_code_needed") return null;
  const known: Record<string, string> = {
    wrong_login: t("login.wrong"),
    wrong_one_time_code: t("login.wrongCode"),
  };
  return (
    <Alert color="red" role="alert">
      {known[code] ?? say(error)}
    </Alert>
  );
}

/** Return where to go after the log-in: an address of this app, whatever the link said. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/";
}
