import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ConfirmDialog } from "../../components/forms/ConfirmDialog";
import { useDialog } from "../../components/useDialog";
import { useKeepSecret } from "../../data/moduleSetup";
import { useNewSecret } from "../../data/vehicles";

/** Gives a vehicle a new secret; its module is out until it has that, too. */
export function NewSecretButton({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const make = useNewSecret();
  const keep = useKeepSecret();
  const { opened, open, close } = useDialog();
  const confirm = () =>
    make.mutate(
      { path: { vehicle_id: vehicle }, body: {} },
      {
        onSuccess: ({ secret }) => {
          if (secret !== null) keep(vehicle, secret);
          close();
        },
      },
    );
  return (
    <>
      <Button variant="default" w="fit-content" onClick={() => open("secret")}>
        {t("secret.action")}
      </Button>
      <ConfirmDialog
        opened={opened === "secret"}
        close={close}
        title={t("secret.title", { vehicle })}
        text={t("secret.text")}
        action={t("secret.action")}
        onConfirm={confirm}
        isPending={make.isPending}
        error={make.error}
      />
    </>
  );
}
