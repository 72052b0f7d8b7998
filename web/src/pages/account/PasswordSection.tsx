import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { NewPassword } from "../../components/forms/NewPassword";
import { isGoodPassword } from "../../components/forms/password";
import { Section } from "../../components/forms/Section";
import { useAccount } from "../../data/account";
import { useChangePassword } from "../../data/sessions";

/** Changes the password; all other sessions end. */
export function PasswordSection() {
  const { t } = useTranslation("account");
  const { t: common } = useTranslation();
  const { data: account } = useAccount();
  const change = useChangePassword();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const name = account?.name ?? "";
  const hasPassword = account?.has_password ?? true;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = { new_password: next, ...(hasPassword ? { old_password: old } : {}) };
    change.mutate(
      { body },
      {
        onSuccess: () => {
          setOld("");
          setNext("");
        },
      },
    );
  };
  return (
    <Section title={t("password.title")} text={t("password.text")}>
      <form onSubmit={submit}>
        <Stack maw={440}>
          {hasPassword && (
            <PasswordInput
              label={t("password.old")}
              autoComplete="current-password"
              required
              value={old}
              onChange={({ currentTarget }) => setOld(currentTarget.value)}
              visibilityToggleButtonProps={{ "aria-label": common("password.show") }}
            />
          )}
          <NewPassword label={t("password.new")} name={name} value={next} onChange={setNext} />
          <Failure error={change.error} />
          <Button
            type="submit"
            w="fit-content"
            loading={change.isPending}
            disabled={!isGoodPassword(next, name)}
          >
            {t("password.submit")}
          </Button>
          {change.isSuccess && <Text role="status">{t("password.done")}</Text>}
        </Stack>
      </form>
    </Section>
  );
}
