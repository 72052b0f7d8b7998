import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CopyText } from "../../components/forms/CopyText";
import { Notice } from "../../components/forms/Notice";
import type { ModuleServerAnswer } from "../../data/moduleSetup";

/** Where a module keeps certificates of authorities that are given to it. */
const MODULE_FILE = "/store/trustedca/ovms.pem";

/** Says what a module needs to trust the server, where it does not by itself. */
export function CertificateHelp({ certificate }: Pick<ModuleServerAnswer, "certificate">) {
  const { t } = useTranslation("setup");
  if (certificate === null) return null;
  const { is_trusted, covers_host, names, authority } = certificate;
  if (is_trusted && covers_host !== false) return null;
  return (
    <Notice title={t("certificate.title")}>
      <Stack gap="xs">
        {covers_host === false && (
          <Text size="sm">{t("certificate.otherName", { names: names.join(", ") })}</Text>
        )}
        {!is_trusted && authority === null && <Text size="sm">{t("certificate.untrusted")}</Text>}
        {!is_trusted && authority !== null && (
          <>
            <Text size="sm">{t("certificate.give", { file: MODULE_FILE })}</Text>
            <CopyText text={authority} label={t("certificate.authority")} />
            <Text size="sm">{t("certificate.reload")}</Text>
            <CopyText text="tls trust reload" label={t("certificate.command")} />
          </>
        )}
      </Stack>
    </Notice>
  );
}
