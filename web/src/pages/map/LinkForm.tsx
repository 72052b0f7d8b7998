import { Alert, Button, CopyButton, Group, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { serverTime } from "../../data/clock";
import { type MadeLink, useAddLink } from "../../data/links";

/** The hours after which a link ends; the server takes a week at most. */
const HOURS = [1, 4, 24, 72, 167];
const HOUR = 3_600_000;
const MAX_LABEL = 64;

/** Makes a link, and shows it this once. */
export function LinkForm({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("map");
  const add = useAddLink(vehicle);
  const [label, setLabel] = useState("");
  const [hours, setHours] = useState(4);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires = new Date(serverTime() + hours * HOUR).toISOString();
    add.mutate(
      { path: { vehicle_id: vehicle }, body: { expires, label: label.trim() } },
      { onSuccess: () => setLabel("") },
    );
  };
  const spans = HOURS.map((each) => ({
    value: String(each),
    label:
      each < 24 ? t("link.hour", { count: each }) : t("link.day", { count: Math.round(each / 24) }),
  }));
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={t("link.label")}
          description={t("link.labelHint")}
          maxLength={MAX_LABEL}
          value={label}
          onChange={({ currentTarget }) => setLabel(currentTarget.value)}
        />
        <Select
          label={t("link.span")}
          data={spans}
          value={String(hours)}
          allowDeselect={false}
          onChange={(value) => setHours(Number(value))}
        />
        <Failure error={add.error} />
        <Button type="submit" loading={add.isPending} w="fit-content">
          {t("link.make")}
        </Button>
        {add.data !== undefined && <Made link={add.data} />}
      </Stack>
    </form>
  );
}

/** Return where people open a link: a page of this server. */
export function pageOf({ path }: Pick<MadeLink, "path">, origin: string): string {
  return `${origin}/live/${path.slice(path.lastIndexOf("/") + 1)}`;
}

function Made({ link }: { link: MadeLink }) {
  const { t } = useTranslation("map");
  const address = pageOf(link, location.origin);
  return (
    <Alert color="charge" role="status">
      <Stack gap="xs">
        {t("link.made")}
        <TextInput value={address} readOnly aria-label={t("link.noLabel")} />
        <Group gap="xs">
          <CopyButton value={address}>
            {({ copied, copy }) => (
              <Button size="compact-md" onClick={copy}>
                {t(copied ? "link.copied" : "link.copy")}
              </Button>
            )}
          </CopyButton>
        </Group>
      </Stack>
    </Alert>
  );
}
