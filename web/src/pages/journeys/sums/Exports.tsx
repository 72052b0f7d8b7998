import { Anchor, Button, Group, NativeSelect, Stack, TextInput, Title } from "@mantine/core";
import { IconFileTypePdf } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { save } from "../../../components/charts/download";
import { Failure } from "../../../components/forms/Failure";
import { serverTime } from "../../../data/clock";
import { journeysCsv, useTripLog } from "../../../data/journeys";
import { KINDS } from "../timeline/filter";

/** Files of what a car did: tables of each kind, and the log of trips on paper. */
export function Exports({ vehicle }: { vehicle: string }) {
  const { t, i18n } = useTranslation("journeys");
  const year = new Date(serverTime()).getFullYear();
  const [since, setSince] = useState(`${year}-01-01`);
  const [until, setUntil] = useState(`${year + 1}-01-01`);
  const [purpose, setPurpose] = useState("");
  const language = i18n.language === "de" ? "de" : "en";
  const chosen = purpose === "business" || purpose === "private" ? purpose : undefined;
  const span = { since: since || undefined, until: until || undefined };
  const log = useTripLog(vehicle);
  const keep = (made: Blob) => save(made, `${vehicle}-trip-log.pdf`);
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h4">
        {t("exports.title")}
      </Title>
      <Group align="end" gap="xs">
        <TextInput
          type="date"
          label={t("exports.since")}
          value={since}
          onChange={({ currentTarget: { value } }) => setSince(value)}
        />
        <TextInput
          type="date"
          label={t("exports.until")}
          value={until}
          onChange={({ currentTarget: { value } }) => setUntil(value)}
        />
        <NativeSelect
          label={t("exports.purpose")}
          value={purpose}
          onChange={({ currentTarget: { value } }) => setPurpose(value)}
          data={[
            { value: "", label: t("filter.all") },
            { value: "business", label: t("purposes.business") },
            { value: "private", label: t("purposes.private") },
          ]}
        />
        <Button
          onClick={() => log.mutate({ ...span, purpose: chosen, language }, { onSuccess: keep })}
          loading={log.isPending}
          leftSection={<IconFileTypePdf size={18} aria-hidden />}
        >
          {t("exports.pdf")}
        </Button>
      </Group>
      <Failure error={log.error} />
      <Group gap="md">
        {KINDS.map((kind) => (
          <Anchor key={kind} href={journeysCsv(vehicle, { kind, ...span })} download>
            {t(`exports.csv.${kind}`)}
          </Anchor>
        ))}
      </Group>
    </Stack>
  );
}
