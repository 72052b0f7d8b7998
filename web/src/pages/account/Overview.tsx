import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Notice } from "../../components/forms/Notice";
import { Section } from "../../components/forms/Section";
import { PushCard } from "../../components/push/PushCard";
import { Reading } from "../../components/Reading";
import {
  type AccountAnswer,
  useAccount,
  useChangeAccount,
  useChangeEmail,
} from "../../data/account";

/** Who one is here, what one has, and by what one is told. */
export function Overview() {
  const reading = useAccount();
  const account = reading.data;
  if (account === undefined) return <Reading query={reading} />;
  return (
    <>
      <Uses account={account} />
      <EmailSection account={account} />
      <PushCard />
      <LocaleSection account={account} />
    </>
  );
}

function Uses({ account }: { account: AccountAnswer }) {
  const { t } = useTranslation("account");
  const { bytes, count, day } = useMoments();
  const { vehicle_limit, byte_limit } = account;
  return (
    <Section title={account.name}>
      {account.is_over && <Notice>{t("over")}</Notice>}
      <Text>
        {vehicle_limit === 0
          ? t("vehicles", { count: account.vehicles })
          : t("vehiclesOf", { used: count(account.vehicles), limit: count(vehicle_limit) })}
      </Text>
      <Text>
        {byte_limit === 0
          ? t("bytes", { used: bytes(account.bytes) })
          : t("bytesOf", { used: bytes(account.bytes), limit: bytes(byte_limit) })}
      </Text>
      <Text size="sm" c="dimmed">
        {t("since", { day: day(account.created) })}
      </Text>
    </Section>
  );
}

function EmailSection({ account }: { account: AccountAnswer }) {
  const { t } = useTranslation("account");
  const change = useChangeEmail();
  const [email, setEmail] = useState(account.email ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ body: { email: email.trim() } });
  };
  return (
    <Section title={t("email.title")} text={t("email.text")}>
      <form onSubmit={submit}>
        <Stack maw={440}>
          <TextInput
            label={t("email.title")}
            type="email"
            autoComplete="email"
            required
            value={email}
            onChange={({ currentTarget }) => setEmail(currentTarget.value)}
          />
          <Failure error={change.error} />
          {change.data !== undefined && <Alert role="status">{t("email.mailed")}</Alert>}
          <Button
            type="submit"
            w="fit-content"
            loading={change.isPending}
            disabled={email.trim() === (account.email ?? "")}
          >
            {t("email.submit")}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

function LocaleSection({ account }: { account: AccountAnswer }) {
  const { t } = useTranslation("account");
  const { t: common } = useTranslation();
  const change = useChangeAccount();
  const [zone, setZone] = useState(account.zone);
  const [currency, setCurrency] = useState(account.currency);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ body: { zone, currency } });
  };
  return (
    <Section title={t("locale.title")} text={t("locale.text")}>
      <form onSubmit={submit}>
        <Stack maw={440}>
          <TextInput
            label={t("locale.zone")}
            description={t("locale.zoneHelp")}
            list="zones"
            required
            value={zone}
            onChange={({ currentTarget }) => setZone(currentTarget.value)}
          />
          <datalist id="zones">
            {Intl.supportedValuesOf("timeZone").map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
          <TextInput
            label={t("locale.currency")}
            description={t("locale.currencyHelp")}
            maxLength={3}
            required
            value={currency}
            onChange={({ currentTarget }) => setCurrency(currentTarget.value.toUpperCase())}
          />
          <Failure error={change.error} />
          <Button type="submit" w="fit-content" loading={change.isPending}>
            {common("actions.save")}
          </Button>
          {change.isSuccess && <Text role="status">{common("actions.saved")}</Text>}
        </Stack>
      </form>
    </Section>
  );
}
