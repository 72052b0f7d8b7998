import { useTranslation } from "react-i18next";
import { AuditEntries } from "../../components/forms/AuditEntries";
import { Section } from "../../components/forms/Section";
import { useAudit } from "../../data/audit";

/** What was done with the caller's account and cars. */
export function AuditList() {
  const { t } = useTranslation("account");
  const audit = useAudit();
  return (
    <Section title={t("pages.log")} text={t("log.text")}>
      <AuditEntries list={audit} />
    </Section>
  );
}
