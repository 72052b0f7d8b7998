import { Button, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { Notice } from "../../components/forms/Notice";
import { useChannelTypes, useSetChannel } from "../../data/channels";
import { kindsToType, namedKind } from "./channelKinds";
import { freeId } from "./freeId";

interface Props {
  vehicle: string;
  /** The ids that are taken. */
  taken: readonly string[];
  close: () => void;
}

/** Asks by what to tell somebody, and where. Which kinds there are is the server's to say. */
export function ChannelForm({ vehicle, taken, close }: Props) {
  const { t } = useTranslation("setup");
  const { data: kinds = [], error } = useChannelTypes();
  const set = useSetChannel(vehicle);
  const allowed = kindsToType(kinds);
  const labelOf = (type: string) => {
    const named = namedKind(type);
    return named === null ? type : t(`channels.kinds.${named}`);
  };
  const [chosen, setChosen] = useState("");
  const [key, setKey] = useState("");
  const kind = allowed.find(({ type }) => type === chosen) ?? allowed[0];
  const named = namedKind(kind?.type ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (kind === undefined) return;
    const channel_id = freeId(kind.type, taken);
    set.mutate(
      { path: { vehicle_id: vehicle, channel_id }, body: { type: kind.type, key: key.trim() } },
      { onSuccess: close },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Failure error={error} />
        <NativeSelect
          label={t("channels.kind")}
          data={allowed.map(({ type }) => ({ value: type, label: labelOf(type) }))}
          value={kind?.type ?? ""}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
        />
        {kind?.is_active === false && <Notice>{t("channels.inactive")}</Notice>}
        <TextInput
          label={t("channels.key")}
          description={named === null ? kind?.key : t(`channels.hints.${named}`)}
          type={kind?.type === "mail" ? "email" : "text"}
          autoComplete={kind?.type === "mail" ? "email" : "off"}
          required
          value={key}
          onChange={({ currentTarget }) => setKey(currentTarget.value)}
        />
        <Text size="sm" c="dimmed">
          {t("channels.privacy")}
        </Text>
        <Failure error={set.error} />
        <Button type="submit" loading={set.isPending} disabled={kind === undefined}>
          {t("channels.add")}
        </Button>
      </Stack>
    </form>
  );
}
