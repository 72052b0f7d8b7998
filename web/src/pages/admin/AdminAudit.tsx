import { SimpleGrid, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { AuditEntries } from "../../components/forms/AuditEntries";
import { Section } from "../../components/forms/Section";
import { useActionName } from "../../components/forms/useActionName";
import { useAdminAudit } from "../../data/audit";
import { ACTIONS } from "../../data/auditActions";

/** What entries may be chosen by, as the call names it. */
const FILTERS = ["action", "actor", "vehicle", "since", "until"] as const;

/** What was done on all of the server. */
export function AdminAudit() {
  const { t } = useTranslation("admin");
  const [filter, setFilter] = useState<Partial<Record<(typeof FILTERS)[number], string>>>({});
  const nameOf = useActionName();
  const [chosen] = useDebouncedValue(filter, 300);
  const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ""));
  const audit = useAdminAudit(given);
  return (
    <Section title={t("pages.log")} text={t("log.text")}>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {FILTERS.map((name) => (
          <TextInput
            key={name}
            label={t(`log.filters.${name}`)}
            type={name === "since" || name === "until" ? "date" : "search"}
            {...(name === "action" ? { list: "actions" } : {})}
            value={filter[name] ?? ""}
            onChange={({ currentTarget: { value } }) => setFilter({ ...filter, [name]: value })}
          />
        ))}
      </SimpleGrid>
      <datalist id="actions">
        {ACTIONS.map((action) => (
          <option key={action} value={action} label={nameOf(action)} />
        ))}
      </datalist>
      <AuditEntries list={audit} />
    </Section>
  );
}
