import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyText } from "../../components/forms/CopyText";
import { Failure } from "../../components/forms/Failure";
import { QrCode } from "../../components/forms/QrCode";
import { Section } from "../../components/forms/Section";
import { ToldOnce } from "../../components/forms/ToldOnce";
import { Reading } from "../../components/Reading";
import {
  type TotpKeyAnswer,
  useBeginTotp,
  useConfirmTotp,
  useEndTotp,
  useNewRecoveryCodes,
  useTotp,
} from "../../data/totp";

/** One-time codes beside the password: switched on with a code of one's app, off, renewed. */
export function TotpSection() {
  const { t } = useTranslation("account");
  const reading = useTotp();
  const totp = reading.data;
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  if (totp === undefined) return <Reading query={reading} />;
  return (
    <Section title={t("totp.title")} text={t("totp.text")}>
      {codes !== null && <ToldOnce title={t("totp.codes")} secret={codes.join("\n")} />}
      {totp.recovery_codes_left === null ? (
        <IsOff onCodes={setCodes} />
      ) : (
        <IsOn left={totp.recovery_codes_left} onCodes={setCodes} />
      )}
    </Section>
  );
}

type OnCodes = (codes: readonly string[] | null) => void;

function IsOn({ left, onCodes }: { left: number; onCodes: OnCodes }) {
  const { t } = useTranslation("account");
  const end = useEndTotp();
  const renew = useNewRecoveryCodes();
  return (
    <Stack gap="sm">
      <Text>{t("totp.on", { count: left })}</Text>
      <Failure error={end.error ?? renew.error} />
      <Group gap="xs">
        <Button
          variant="default"
          loading={renew.isPending}
          onClick={() =>
            renew.mutate({}, { onSuccess: ({ recovery_codes }) => onCodes(recovery_codes) })
          }
        >
          {t("totp.renew")}
        </Button>
        <Button
          variant="default"
          loading={end.isPending}
          onClick={() => end.mutate({}, { onSuccess: () => onCodes(null) })}
        >
          {t("totp.end")}
        </Button>
      </Group>
    </Stack>
  );
}

function IsOff({ onCodes }: { onCodes: OnCodes }) {
  const { t } = useTranslation("account");
  const begin = useBeginTotp();
  if (begin.data !== undefined) return <ConfirmForm made={begin.data} onCodes={onCodes} />;
  return (
    <>
      <Failure error={begin.error} />
      <Button w="fit-content" loading={begin.isPending} onClick={() => begin.mutate({})}>
        {t("totp.begin")}
      </Button>
    </>
  );
}

function ConfirmForm({ made, onCodes }: { made: TotpKeyAnswer; onCodes: OnCodes }) {
  const { t } = useTranslation("account");
  const confirm = useConfirmTotp();
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate(
      { body: { code: code.trim() } },
      { onSuccess: ({ recovery_codes }) => onCodes(recovery_codes) },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack maw={440}>
        <Text>{t("totp.scan")}</Text>
        <QrCode text={made.uri} title={t("totp.qr")} />
        <Text size="sm">{t("totp.byHand")}</Text>
        <CopyText text={made.secret} label={t("totp.key")} />
        <TextInput
          label={t("totp.code")}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          value={code}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
        />
        <Failure error={confirm.error} />
        <Button type="submit" w="fit-content" loading={confirm.isPending}>
          {t("totp.confirm")}
        </Button>
      </Stack>
    </form>
  );
}
