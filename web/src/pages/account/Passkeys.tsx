import { Button, Group, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { AskButton } from "../../components/forms/AskButton";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import { ApiError } from "../../data/api";
import {
  hasPasskeys,
  type PasskeyAnswer,
  useAddPasskey,
  usePasskeys,
  useRemovePasskey,
} from "../../data/passkeys";

/** Passkeys: logging in by fingerprint, face or a key, without a password. */
export function Passkeys() {
  const { t } = useTranslation("account");
  const reading = usePasskeys();
  const { data: passkeys = [], error } = reading;
  const isOff = error instanceof ApiError && error.code === "no_public_url";
  return (
    <Section title={t("passkeys.title")} text={t("passkeys.text")}>
      {isOff ? (
        <Text>{t("passkeys.off")}</Text>
      ) : (
        <Reading query={reading} skeleton={<Skeleton height={56} />} />
      )}
      {passkeys.map((passkey) => (
        <PasskeyLine key={passkey.id} passkey={passkey} />
      ))}
      {!isOff && (hasPasskeys() ? <AddForm /> : <Text>{t("passkeys.unsupported")}</Text>)}
    </Section>
  );
}

function PasskeyLine({ passkey }: { passkey: PasskeyAnswer }) {
  const { t } = useTranslation("account");
  const { moment } = useMoments();
  const remove = useRemovePasskey();
  const used =
    passkey.last_used === null ? t("neverUsed") : t("used", { time: moment(passkey.last_used) });
  return (
    <Group justify="space-between">
      <div>
        <Text fw={600}>{passkey.name}</Text>
        <Text size="sm" c="dimmed">
          {used}
        </Text>
      </div>
      <AskButton
        name={`passkey-${passkey.id}`}
        action={t("remove")}
        title={t("passkeys.removeTitle", { name: passkey.name })}
        text={t("passkeys.removeText")}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={(done) => remove.mutate({ path: { passkey_id: passkey.id } }, done)}
      />
    </Group>
  );
}

function AddForm() {
  const { t } = useTranslation("account");
  const add = useAddPasskey();
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(name.trim(), { onSuccess: () => setName("") });
  };
  return (
    <form onSubmit={submit}>
      <Stack maw={440}>
        <TextInput
          label={t("passkeys.name")}
          description={t("passkeys.nameHelp")}
          maxLength={64}
          required
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Failure
          error={add.error}
          known={{ fault: t("passkeys.notMade"), no_public_url: t("passkeys.off") }}
        />
        <Button type="submit" w="fit-content" loading={add.isPending}>
          {t("passkeys.add")}
        </Button>
      </Stack>
    </form>
  );
}
