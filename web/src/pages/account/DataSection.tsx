import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ConfirmDialog } from "../../components/forms/ConfirmDialog";
import { Section } from "../../components/forms/Section";
import { useDialog } from "../../components/useDialog";
import { ACCOUNT_EXPORT, useEraseAccount } from "../../data/account";
import { useAccountName } from "../../data/session";

/** All of the caller's data to take along, and its end. */
export function DataSection() {
  const { t } = useTranslation("account");
  const name = useAccountName();
  const erase = useEraseAccount();
  const navigate = useNavigate();
  const { opened, open, close } = useDialog();
  return (
    <>
      <Section title={t("data.export")} text={t("data.exportText")}>
        <Button
          component="a"
          href={ACCOUNT_EXPORT}
          download
          w="fit-content"
          leftSection={<IconDownload size={20} aria-hidden />}
        >
          {t("data.download")}
        </Button>
      </Section>
      <Section title={t("data.erase")} text={t("data.eraseText")}>
        <Button variant="outline" color="red" w="fit-content" onClick={() => open("erase")}>
          {t("data.erase")}
        </Button>
        <ConfirmDialog
          opened={opened === "erase"}
          close={close}
          title={t("data.eraseTitle")}
          text={t("data.eraseText")}
          action={t("data.erase")}
          typed={name}
          isPending={erase.isPending}
          error={erase.error}
          onConfirm={() =>
            erase.mutate({}, { onSuccess: () => navigate("/login", { replace: true }) })
          }
        />
      </Section>
    </>
  );
}
