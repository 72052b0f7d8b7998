import { Anchor, Button, SegmentedControl, Stack, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { Section } from "../../components/forms/Section";
import { ToldOnce } from "../../components/forms/ToldOnce";
import { Reading } from "../../components/Reading";
import { useModuleServer, useToldSecret } from "../../data/moduleSetup";
import { useVehicleFacts } from "../../data/vehicles";
import { CertificateHelp } from "./CertificateHelp";
import { Doctor } from "./Doctor";
import { Esp32Steps } from "./Esp32Steps";
import { linkOf, prefersTls, UNKNOWN_HOST } from "./moduleLines";
import { NewSecretButton } from "./NewSecretButton";
import { PicSteps } from "./PicSteps";

/** What stands for a secret that the server does not tell again. */
const UNTOLD = "SECRET";

/** Three steps: the secret, what to set in the module, and a look at what comes. */
export function ModuleSetup() {
  const { t } = useTranslation("setup");
  const { vehicle: id = "" } = useParams();
  const reading = useVehicleFacts(id);
  const vehicle = reading.data;
  const secret = useToldSecret(id);
  if (vehicle === undefined) return <Reading query={reading} />;
  return (
    <Stack>
      <Section title={t("module.secret", { vehicle: id })}>
        {secret === undefined ? (
          <>
            <Text size="sm">{t("module.untold")}</Text>
            <NewSecretButton vehicle={id} />
          </>
        ) : (
          <ToldOnce title={t("module.secretOf", { vehicle: id })} secret={secret} />
        )}
      </Section>
      <ModuleSteps vehicle={id} secret={secret ?? UNTOLD} isTlsOnly={vehicle.tls_only} />
      <Doctor vehicle={id} />
      <Button component={Link} to="/setup" variant="default" w="fit-content">
        {t("module.back")}
      </Button>
    </Stack>
  );
}

interface StepsProps {
  vehicle: string;
  secret: string;
  isTlsOnly: boolean;
}

function ModuleSteps({ vehicle, secret, isTlsOnly }: StepsProps) {
  const { t } = useTranslation("setup");
  const reading = useModuleServer();
  const server = reading.data;
  const [params, setParams] = useSearchParams();
  const [chosen, setChosen] = useState<boolean | null>(null);
  if (server === undefined) return <Reading query={reading} />;
  const kind = params.get("module") === "pic" ? "pic" : "esp32";
  const isTls = kind === "esp32" && (chosen ?? prefersTls(server, isTlsOnly));
  const link = linkOf(server, vehicle, secret, isTls);
  const mayChoose = server.port !== null && server.tls_port !== null && !isTlsOnly;
  return (
    <Section title={t("module.title")} text={t("module.text")}>
      <SegmentedControl
        fullWidth
        aria-label={t("module.kind")}
        value={kind}
        onChange={(next) => setParams({ module: next }, { replace: true })}
        data={[
          { value: "esp32", label: t("module.esp32") },
          { value: "pic", label: t("module.pic") },
        ]}
      />
      {link.host === UNKNOWN_HOST && <Text size="sm">{t("module.unknownHost")}</Text>}
      {link.host !== UNKNOWN_HOST && !server.is_certain && (
        <Text size="sm" c="dimmed">
          {t("module.uncertainHost", { host: link.host })}
        </Text>
      )}
      {kind === "esp32" ? (
        <>
          <Switch
            label={t("module.tls")}
            description={mayChoose ? t("module.tlsHelp") : t("module.tlsFixed")}
            checked={isTls}
            disabled={!mayChoose}
            onChange={({ currentTarget }) => setChosen(currentTarget.checked)}
          />
          {isTls && <CertificateHelp certificate={server.certificate} />}
          <Esp32Steps link={link} />
        </>
      ) : (
        <>
          <PicSteps link={link} server={server} isTlsOnly={isTlsOnly} />
          <Anchor
            component={Link}
            to={`/cars/${encodeURIComponent(vehicle)}/settings/provision`}
            size="sm"
          >
            {t("module.byItself")}
          </Anchor>
        </>
      )}
      <Anchor href="https://docs.openvehicles.com/" target="_blank" rel="noreferrer" size="sm">
        {t("module.manual")}
      </Anchor>
    </Section>
  );
}
