import { Anchor, Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { ConfirmDialog } from "../../components/forms/ConfirmDialog";
import { Section } from "../../components/forms/Section";
import { ToldOnce } from "../../components/forms/ToldOnce";
import { useDialog } from "../../components/useDialog";
import { useToldSecret } from "../../data/moduleSetup";
import { useEraseVehicle, useRemoveVehicle } from "../../data/vehicles";
import { NewSecretButton } from "./NewSecretButton";

/** The secret of a car's module, and what cannot be taken back. */
export function DangerZone({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const secret = useToldSecret(vehicle);
  return (
    <>
      <Section title={t("danger.secret")} text={t("danger.secretText")}>
        {secret !== undefined && (
          <ToldOnce title={t("module.secretOf", { vehicle })} secret={secret} />
        )}
        <NewSecretButton vehicle={vehicle} />
        <Anchor component={Link} to={`/setup/module/${encodeURIComponent(vehicle)}`}>
          {t("danger.module")}
        </Anchor>
      </Section>
      <EraseSection vehicle={vehicle} />
      <RemoveSection vehicle={vehicle} />
    </>
  );
}

function EraseSection({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const erase = useEraseVehicle();
  const { opened, open, close } = useDialog();
  return (
    <Section title={t("danger.erase")} text={t("danger.eraseText")}>
      <Button variant="outline" color="red" w="fit-content" onClick={() => open("erase")}>
        {t("danger.erase")}
      </Button>
      <ConfirmDialog
        opened={opened === "erase"}
        close={close}
        title={t("danger.eraseTitle", { vehicle })}
        text={t("danger.eraseText")}
        action={t("danger.erase")}
        typed={vehicle}
        isPending={erase.isPending}
        error={erase.error}
        onConfirm={() => erase.mutate({ path: { vehicle_id: vehicle } }, { onSuccess: close })}
      />
    </Section>
  );
}

function RemoveSection({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("setup");
  const remove = useRemoveVehicle();
  const navigate = useNavigate();
  const { opened, open, close } = useDialog();
  return (
    <Section title={t("danger.remove")} text={t("danger.removeText")}>
      <Button variant="outline" color="red" w="fit-content" onClick={() => open("remove")}>
        {t("danger.remove")}
      </Button>
      <ConfirmDialog
        opened={opened === "remove"}
        close={close}
        title={t("danger.removeTitle", { vehicle })}
        text={t("danger.removeText")}
        action={t("danger.remove")}
        typed={vehicle}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          remove.mutate(
            { path: { vehicle_id: vehicle } },
            { onSuccess: () => navigate("/cars", { replace: true }) },
          )
        }
      />
    </Section>
  );
}
