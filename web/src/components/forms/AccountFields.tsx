import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { NewPassword } from "./NewPassword";

/** What a new account is made of. */
export interface NewAccount {
  name: string;
  email: string;
  password: string;
}

export const NO_ACCOUNT: NewAccount = { name: "", email: "", password: "" };

interface Props {
  account: NewAccount;
  onChange: (account: NewAccount) => void;
  /** What the mail address is for, where the account can be without one. */
  emailHelp?: string;
}

/** Asks for the name, the mail address and the password of a new account. */
export function AccountFields({ account, onChange, emailHelp }: Props) {
  const { t } = useTranslation("setup");
  const isOptional = emailHelp !== undefined;
  return (
    <>
      <TextInput
        label={t("fields.name")}
        description={t("fields.nameHelp")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={account.name}
        onChange={({ currentTarget: { value } }) => onChange({ ...account, name: value })}
      />
      <TextInput
        label={isOptional ? t("fields.emailOptional") : t("fields.email")}
        description={emailHelp}
        type="email"
        autoComplete="email"
        required={!isOptional}
        value={account.email}
        onChange={({ currentTarget: { value } }) => onChange({ ...account, email: value })}
      />
      <NewPassword
        label={t("fields.password")}
        name={account.name}
        value={account.password}
        onChange={(password) => onChange({ ...account, password })}
      />
    </>
  );
}
