import { Alert, Anchor, Button, Group, Stack, Switch, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { ConfirmDialog } from "../../components/forms/ConfirmDialog";
import { Failure } from "../../components/forms/Failure";
import { NewPassword } from "../../components/forms/NewPassword";
import { numberOrNull } from "../../components/forms/numberOrNull";
import { isGoodPassword } from "../../components/forms/password";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import {
  type OwnerAnswer,
  useChangeOwner,
  useOwner,
  useRemoveOwner,
  useResetOwner,
} from "../../data/admin";

/** One owner: address, role, limits, ways to log in, and the end of the account. */
export function OwnerPage() {
  const { t } = useTranslation("admin");
  const { name = "" } = useParams();
  const reading = useOwner(name);
  const owner = reading.data;
  if (owner === undefined) return <Reading query={reading} />;
  return (
    <Stack>
      <Anchor component={Link} to="/admin/owners">
        {t("owners.back")}
      </Anchor>
      <OwnerForm key={owner.name} owner={owner} />
      <LoginSection owner={owner} />
      <RemoveSection owner={owner} />
    </Stack>
  );
}

function OwnerForm({ owner }: { owner: OwnerAnswer }) {
  const { t } = useTranslation("admin");
  const { t: common } = useTranslation();
  const change = useChangeOwner();
  const [email, setEmail] = useState(owner.email ?? "");
  const [isAdmin, setAdmin] = useState(owner.is_admin);
  const [vehicles, setVehicles] = useState(String(owner.vehicle_limit ?? ""));
  const [bytes, setBytes] = useState(String(owner.byte_limit ?? ""));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = {
      email: email.trim(),
      is_admin: isAdmin,
      vehicle_limit: numberOrNull(vehicles),
      byte_limit: numberOrNull(bytes),
    };
    change.mutate({ path: { name: owner.name }, body });
  };
  return (
    <Section title={owner.name}>
      <form onSubmit={submit}>
        <Stack maw={440}>
          <TextInput
            label={t("owners.email")}
            type="email"
            autoComplete="off"
            value={email}
            onChange={({ currentTarget }) => setEmail(currentTarget.value)}
          />
          <TextInput
            label={t("owners.vehicleLimit")}
            description={t("owners.limitHelp")}
            inputMode="numeric"
            pattern="\d*"
            value={vehicles}
            onChange={({ currentTarget }) => setVehicles(currentTarget.value)}
          />
          <TextInput
            label={t("owners.byteLimit")}
            description={t("owners.limitHelp")}
            inputMode="numeric"
            pattern="\d*"
            value={bytes}
            onChange={({ currentTarget }) => setBytes(currentTarget.value)}
          />
          <Switch
            label={t("owners.isAdmin")}
            checked={isAdmin}
            onChange={({ currentTarget }) => setAdmin(currentTarget.checked)}
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

function LoginSection({ owner }: { owner: OwnerAnswer }) {
  const { t } = useTranslation("admin");
  const { t: common } = useTranslation();
  const change = useChangeOwner();
  const endTotp = useChangeOwner();
  const reset = useResetOwner();
  const [password, setPassword] = useState("");
  const path = { name: owner.name };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ path, body: { password } }, { onSuccess: () => setPassword("") });
  };
  return (
    <Section title={t("login.title")} text={t("login.text")}>
      <Group gap="xs">
        <Button
          variant="default"
          loading={reset.isPending}
          disabled={owner.email === null}
          onClick={() => reset.mutate({ path })}
        >
          {t("login.reset")}
        </Button>
        {owner.has_totp && (
          <Button
            variant="default"
            loading={endTotp.isPending}
            onClick={() => endTotp.mutate({ path, body: { has_totp: false } })}
          >
            {t("login.totpOff")}
          </Button>
        )}
      </Group>
      {reset.isSuccess && <Alert role="status">{t("login.mailed")}</Alert>}
      <Failure error={reset.error ?? endTotp.error} />
      <form onSubmit={submit}>
        <Stack maw={440}>
          <NewPassword
            label={t("login.password")}
            name={owner.name}
            value={password}
            onChange={setPassword}
          />
          <Failure error={change.error} />
          <Button
            type="submit"
            variant="default"
            w="fit-content"
            loading={change.isPending}
            disabled={!isGoodPassword(password, owner.name)}
          >
            {t("login.setPassword")}
          </Button>
          {change.isSuccess && <Text role="status">{common("actions.saved")}</Text>}
        </Stack>
      </form>
    </Section>
  );
}

function RemoveSection({ owner }: { owner: OwnerAnswer }) {
  const { t } = useTranslation("admin");
  const remove = useRemoveOwner();
  const navigate = useNavigate();
  const { opened, open, close } = useDialog();
  return (
    <Section title={t("owners.remove")} text={t("owners.removeText")}>
      <Button variant="outline" color="red" w="fit-content" onClick={() => open("remove")}>
        {t("owners.remove")}
      </Button>
      <ConfirmDialog
        opened={opened === "remove"}
        close={close}
        title={t("owners.removeTitle", { name: owner.name })}
        text={t("owners.removeText")}
        action={t("owners.remove")}
        typed={owner.name}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          remove.mutate(
            { path: { name: owner.name } },
            { onSuccess: () => navigate("/admin/owners", { replace: true }) },
          )
        }
      />
    </Section>
  );
}
