import { Button, Checkbox, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { fromLocal, toLocal } from "../../components/forms/localTime";
import { useSession } from "../../data/session";
import { type TokenAnswer, useAddToken, useChangeToken } from "../../data/tokens";

/** The rights that the page offers, in the words of the API. */
const RIGHTS = ["view", "location", "command", "pin", "manage", "account"] as const;

interface Props {
  /** The token to change; null makes one. */
  token: TokenAnswer | null;
  onTold: (digits: string) => void;
  close: () => void;
}

/** Asks for what a token is, what it may do, and until when. */
export function TokenForm({ token, onTold, close }: Props) {
  const { t } = useTranslation("account");
  const { t: common } = useTranslation();
  const { data: who } = useSession();
  const add = useAddToken();
  const change = useChangeToken();
  const [application, setApplication] = useState(token?.application ?? "");
  const [purpose, setPurpose] = useState(token?.purpose ?? "");
  const [rights, setRights] = useState<string[]>(token?.rights ?? ["view"]);
  const [expires, setExpires] = useState(toLocal(token?.expires ?? null));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = { application, purpose, rights, expires: fromLocal(expires) };
    if (token !== null) {
      change.mutate({ path: { token_id: token.id }, body }, { onSuccess: close });
      return;
    }
    const onSuccess = (made: { token: string }) => {
      onTold(made.token);
      close();
    };
    add.mutate({ body }, { onSuccess });
  };
  const offered = [...RIGHTS, ...(who?.is_admin ? ["server.admin" as const] : [])];
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t("tokens.application")}
          description={t("tokens.applicationHelp")}
          maxLength={64}
          value={application}
          onChange={({ currentTarget }) => setApplication(currentTarget.value)}
        />
        <TextInput
          label={t("tokens.purpose")}
          maxLength={64}
          value={purpose}
          onChange={({ currentTarget }) => setPurpose(currentTarget.value)}
        />
        <Checkbox.Group label={t("tokens.rights")} value={rights} onChange={setRights}>
          <Stack gap="xs" mt="xs">
            {offered.map((right) => (
              <Checkbox
                key={right}
                value={right}
                label={right}
                description={t(`tokens.help.${right === "server.admin" ? "admin" : right}`)}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <TextInput
          type="datetime-local"
          label={t("tokens.expires")}
          description={t("tokens.expiresHelp")}
          value={expires}
          onChange={({ currentTarget }) => setExpires(currentTarget.value)}
        />
        <Failure error={add.error ?? change.error} />
        <Button
          type="submit"
          loading={add.isPending || change.isPending}
          disabled={rights.length === 0}
        >
          {token === null ? t("tokens.add") : common("actions.save")}
        </Button>
      </Stack>
    </form>
  );
}
