import {
  Button,
  Fieldset,
  PasswordInput,
  SegmentedControl,
  Stack,
  Switch,
  Text,
  TextInput,
} from "@mantine/core";
import { type ComponentProps, type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { Notice } from "../../components/forms/Notice";
import { useKeepSecret } from "../../data/moduleSetup";
import type { usePutProvision } from "../../data/provision";
import { bodyOf, type ProvisionFields, picRecordProblems } from "./provisionRecord";

interface Props {
  vehicle: string;
  /** The VIN of the record that is replaced; empty without one. */
  vin: string;
  /** Where modules call, HOST or HOST:PORT; empty if nobody knows. */
  server: string;
  put: ReturnType<typeof usePutProvision>;
  close: () => void;
}

const WORD: Partial<ComponentProps<typeof TextInput>> = {
  autoComplete: "off",
  autoCapitalize: "none",
  spellCheck: false,
};

/** Asks for the two numbers of the module, and for what it must know beside the vehicle. */
export function ProvisionForm({ vehicle, vin, server, put, close }: Props) {
  const { t } = useTranslation("setup");
  const keep = useKeepSecret();
  const [fields, setFields] = useState<ProvisionFields>({
    vin,
    iccid: "",
    server,
    apn: "",
    apnUser: "",
    apnPassword: "",
    phone: "",
    phonePassword: "",
    units: "K",
    hasNewSecret: true,
  });
  const change = (part: Partial<ProvisionFields>) => setFields((all) => ({ ...all, ...part }));
  /** What an input has whose text is a field of the record. */
  const text = (name: "vin" | "iccid" | "server" | "apn" | "apnUser" | "phone") => ({
    ...WORD,
    label: t(`provision.fields.${name}`),
    value: fields[name],
    onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
      change({ [name]: currentTarget.value }),
  });
  const password = (name: "apnPassword" | "phonePassword") => ({
    autoComplete: "off",
    label: t(`provision.fields.${name}`),
    value: fields[name],
    onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
      change({ [name]: currentTarget.value }),
  });
  const problems = picRecordProblems(vehicle, fields);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate(
      { path: { vehicle_id: vehicle }, body: bodyOf(fields) },
      {
        onSuccess: ({ secret }) => {
          if (secret !== null) keep(vehicle, secret);
          close();
        },
      },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput {...text("vin")} description={t("provision.vinHelp")} required />
        <TextInput
          {...text("iccid")}
          description={t("provision.iccidHelp")}
          inputMode="numeric"
          required
        />
        <Switch
          label={t("provision.newSecret")}
          description={t("provision.newSecretHelp")}
          checked={fields.hasNewSecret}
          onChange={({ currentTarget }) => change({ hasNewSecret: currentTarget.checked })}
        />
        <Fieldset legend={t("provision.more")}>
          <Stack>
            <Text size="sm" c="dimmed">
              {t("provision.moreText")}
            </Text>
            <TextInput {...text("server")} description={t("provision.serverHelp")} />
            <TextInput {...text("apn")} description={t("provision.apnHelp")} />
            <TextInput {...text("apnUser")} />
            <PasswordInput {...password("apnPassword")} />
            <TextInput {...text("phone")} description={t("provision.phoneHelp")} type="tel" />
            <PasswordInput {...password("phonePassword")} />
            <SegmentedControl
              aria-label={t("pic.units")}
              value={fields.units}
              onChange={(next) => change({ units: next === "M" ? "M" : "K" })}
              data={[
                { value: "K", label: t("pic.km") },
                { value: "M", label: t("pic.miles") },
              ]}
            />
          </Stack>
        </Fieldset>
        {problems.map((problem) => (
          <Notice key={problem}>
            {problem === "otherPort"
              ? t("pic.problems.otherPort")
              : t(`provision.problems.${problem}`)}
          </Notice>
        ))}
        <Text size="sm" c="dimmed">
          {t("provision.sealed")}
        </Text>
        <Failure error={put.error} known={{ taken: t("provision.taken") }} />
        <Button type="submit" loading={put.isPending}>
          {t("provision.make")}
        </Button>
      </Stack>
    </form>
  );
}
