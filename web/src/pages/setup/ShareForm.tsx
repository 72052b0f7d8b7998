import { Button, Stack, Switch, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/forms/Failure";
import { fromLocal, toLocal } from "../../components/forms/localTime";
import { type ShareAnswer, useSetShare } from "../../data/shares";
import { RIGHTS, type Right, switchRight } from "./rights";

interface Props {
  vehicle: string;
  /** The share to change; null makes one. */
  share: ShareAnswer | null;
  close: () => void;
}

/** Asks with whom to share a car, what they may do, and until when. */
export function ShareForm({ vehicle, share, close }: Props) {
  const { t } = useTranslation("setup");
  const { t: common } = useTranslation();
  const set = useSetShare(vehicle);
  const [owner, setOwner] = useState(share?.owner ?? "");
  const [rights, setRights] = useState<Right[]>(share?.rights ?? ["view"]);
  const [expires, setExpires] = useState(toLocal(share?.expires ?? null));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate(
      {
        path: { vehicle_id: vehicle, owner: owner.trim() },
        body: { rights, expires: fromLocal(expires) },
      },
      { onSuccess: close },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t("sharing.owner")}
          description={t("sharing.ownerHelp")}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
          disabled={share !== null}
          value={owner}
          onChange={({ currentTarget }) => setOwner(currentTarget.value)}
        />
        {RIGHTS.map((right) => (
          <Switch
            key={right}
            label={t(`sharing.rights.${right}`)}
            description={t(`sharing.help.${right}`)}
            checked={rights.includes(right)}
            onChange={({ currentTarget }) =>
              setRights(switchRight(rights, right, currentTarget.checked))
            }
          />
        ))}
        <TextInput
          type="datetime-local"
          label={t("sharing.expires")}
          description={t("sharing.expiresHelp")}
          value={expires}
          onChange={({ currentTarget }) => setExpires(currentTarget.value)}
        />
        <Failure error={set.error} />
        <Button type="submit" loading={set.isPending} disabled={rights.length === 0}>
          {common("actions.save")}
        </Button>
      </Stack>
    </form>
  );
}
