import { Alert, Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useConfirmEmail } from "../../data/account";
import { CodeForm } from "./CodeForm";
import { useCodeOfAddress } from "./codes";
import { EntryPage } from "./EntryPage";

/** Confirms a new mail address by the code that was mailed to it; for who is logged in. */
export default function EmailPage() {
  const { t } = useTranslation(["setup", "account"]);
  const code = useCodeOfAddress("code");
  const confirm = useConfirmEmail();
  return (
    <EntryPage title={t("email.title")}>
      {confirm.data === undefined ? (
        <CodeForm
          text={t("email.text")}
          code={code}
          action={t("email.confirm")}
          isPending={confirm.isPending}
          error={confirm.error}
          onCode={(given) => confirm.mutate({ body: { code: given } })}
        />
      ) : (
        <Alert role="status">{t("email.done", { email: confirm.data.email })}</Alert>
      )}
      <Anchor component={Link} to="/account">
        {t("account:title")}
      </Anchor>
    </EntryPage>
  );
}
