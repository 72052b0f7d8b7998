import { Button, NavLink, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/forms/Failure";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import { useAddOwner, useOwners } from "../../data/admin";

/** All owners, by name. */
export function Owners() {
  const { t } = useTranslation("admin");
  const { t: common } = useTranslation();
  const { bytes } = useMoments();
  const [search, setSearch] = useState("");
  const [searched] = useDebouncedValue(search.trim(), 300);
  const owners = useOwners(searched === "" ? {} : { search: searched });
  const { opened, open, close } = useDialog();
  const items = owners.data?.items;
  return (
    <Section title={t("pages.owners")}>
      <TextInput
        label={t("search")}
        type="search"
        value={search}
        onChange={({ currentTarget }) => setSearch(currentTarget.value)}
      />
      <Reading query={owners} />
      {items?.length === 0 && <Text c="dimmed">{t("nothingFound")}</Text>}
      {items?.map((owner) => (
        <NavLink
          key={owner.name}
          component={Link}
          to={`/admin/owners/${encodeURIComponent(owner.name)}`}
          label={owner.is_admin ? t("owners.admin", { name: owner.name }) : owner.name}
          description={t("owners.line", { count: owner.vehicles, bytes: bytes(owner.bytes) })}
        />
      ))}
      {owners.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          loading={owners.isFetchingNextPage}
          onClick={() => void owners.fetchNextPage()}
        >
          {common("actions.more")}
        </Button>
      )}
      <Button
        w="fit-content"
        leftSection={<IconPlus size={20} aria-hidden />}
        onClick={() => open("owner")}
      >
        {t("owners.add")}
      </Button>
      <Dialog opened={opened === "owner"} close={close} title={t("owners.add")}>
        <OwnerForm />
      </Dialog>
    </Section>
  );
}

function OwnerForm() {
  const { t } = useTranslation("admin");
  const add = useAddOwner();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [isAdmin, setAdmin] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(
      { body: { name: name.trim(), email: email.trim(), is_admin: isAdmin } },
      {
        onSuccess: (owner) =>
          navigate(`/admin/owners/${encodeURIComponent(owner.name)}`, { replace: true }),
      },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t("owners.name")}
          autoCapitalize="none"
          spellCheck={false}
          autoComplete="off"
          required
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <TextInput
          label={t("owners.email")}
          description={t("owners.emailHelp")}
          type="email"
          autoComplete="off"
          value={email}
          onChange={({ currentTarget }) => setEmail(currentTarget.value)}
        />
        <Switch
          label={t("owners.isAdmin")}
          checked={isAdmin}
          onChange={({ currentTarget }) => setAdmin(currentTarget.checked)}
        />
        <Failure error={add.error} />
        <Button type="submit" loading={add.isPending}>
          {t("owners.add")}
        </Button>
      </Stack>
    </form>
  );
}
