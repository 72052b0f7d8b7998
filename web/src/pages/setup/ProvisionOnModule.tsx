import { Anchor, List, SegmentedControl, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Notice } from "../../components/forms/Notice";
import { Section } from "../../components/forms/Section";
import type { MadeProvision } from "../../data/provision";
import { phoneBookOf } from "./provisionRecord";

interface Props {
  vehicle: string;
  /** Where modules call, as a parameter; empty if nobody knows. */
  server: string;
  /** The record that this page has made; null if it was made before. */
  made: MadeProvision | null;
}

/** What is to be done on the module: a PIC asks when its SIM card says so, an ESP32 never does. */
export function ProvisionOnModule({ vehicle, server, made }: Props) {
  const { t } = useTranslation("setup");
  const [kind, setKind] = useState("pic");
  const setup = `/setup/module/${encodeURIComponent(vehicle)}`;
  return (
    <Section title={t("provision.onModule")}>
      <SegmentedControl
        fullWidth
        aria-label={t("module.kind")}
        value={kind}
        onChange={setKind}
        data={[
          { value: "pic", label: t("module.pic") },
          { value: "esp32", label: t("module.esp32") },
        ]}
      />
      {kind === "pic" ? (
        <PicPhoneBook
          server={parameterOf(made, 4) ?? server}
          apn={parameterOf(made, 5) ?? t("provision.apnWord")}
        />
      ) : (
        <Text size="sm">{t("provision.esp32")}</Text>
      )}
      <Anchor component={Link} to={kind === "pic" ? `${setup}?module=pic` : setup} size="sm">
        {t("danger.module")}
      </Anchor>
    </Section>
  );
}

function PicPhoneBook({ server, apn }: { server: string; apn: string }) {
  const { t } = useTranslation("setup");
  const entries = phoneBookOf(server, apn);
  return (
    <Stack gap="sm">
      <Text size="sm">{t("provision.pic")}</Text>
      {entries === null ? (
        <Notice>{t("provision.hyphen")}</Notice>
      ) : (
        <Table withRowBorders={false} aria-label={t("provision.phoneBook")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("provision.entry")}</Table.Th>
              <Table.Th>{t("provision.number")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map(({ name, number }) => (
              <Table.Tr key={name}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{name}</Table.Td>
                <Table.Td>{number}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <List size="sm" type="ordered" styles={{ itemWrapper: { display: "inline" } }}>
        <List.Item>{t("provision.steps.book")}</List.Item>
        <List.Item>{t("provision.steps.start")}</List.Item>
        <List.Item>{t("provision.steps.remove")}</List.Item>
      </List>
    </Stack>
  );
}

/** Return a parameter that the page knows the module to get; null if it is not known or not set. */
function parameterOf(made: MadeProvision | null, wanted: number): string | null {
  const found = made?.parameters.find(({ number }) => number === wanted)?.value ?? "";
  return found === "" ? null : found;
}
