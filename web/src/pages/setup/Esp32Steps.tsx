import { Button, List, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconQrcode } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../components/Dialog";
import { CopyText } from "../../components/forms/CopyText";
import { QrCode } from "../../components/forms/QrCode";
import { useDialog } from "../../components/useDialog";
import { esp32Lines, type ModuleLink, portToSet } from "./moduleLines";

/** What to set in an ESP32: on its web pages, or in its shell. */
export function Esp32Steps({ link }: { link: ModuleLink }) {
  const { t } = useTranslation("setup");
  const [way, setWay] = useState("pages");
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t("esp32.way")}
        value={way}
        onChange={setWay}
        data={[
          { value: "pages", label: t("esp32.pages") },
          { value: "shell", label: t("esp32.shell") },
        ]}
      />
      {way === "pages" ? <Pages link={link} /> : <Shell link={link} />}
    </Stack>
  );
}

function Pages({ link }: { link: ModuleLink }) {
  const { t } = useTranslation("setup");
  const port = portToSet(link);
  const fields = [
    ["Server", link.host],
    ["Vehicle ID", link.id],
    ["Server password", link.secret],
    ...(port === null ? [] : [["Port", String(port)]]),
  ] as const;
  return (
    <List type="ordered" spacing="sm" styles={{ itemWrapper: { display: "inline" } }}>
      <List.Item>{t("esp32.open")}</List.Item>
      <List.Item>
        {t("esp32.page")}
        <Stack gap="xs" my="xs">
          {fields.map(([label = "", value = ""]) => (
            <div key={label}>
              <Text size="sm" fw={600}>
                {label}
              </Text>
              <CopyText text={value} label={label} />
            </div>
          ))}
          <Text size="sm">
            {link.isTls ? t("esp32.tlsOn") : t("esp32.tlsOff")}{" "}
            {port === null && t("esp32.portEmpty")}
          </Text>
        </Stack>
      </List.Item>
      <List.Item>{t("esp32.autostart")}</List.Item>
      <List.Item>{t("esp32.logs")}</List.Item>
    </List>
  );
}

function Shell({ link }: { link: ModuleLink }) {
  const { t } = useTranslation("setup");
  const { opened, open, close } = useDialog();
  const text = esp32Lines(link).join("\n");
  return (
    <Stack gap="sm">
      <Text size="sm">{t("esp32.shellHelp")}</Text>
      <CopyText text={text} label={t("esp32.lines")} />
      <Button
        variant="default"
        w="fit-content"
        leftSection={<IconQrcode size={20} aria-hidden />}
        onClick={() => open("qr")}
      >
        {t("qr.open")}
      </Button>
      <Dialog opened={opened === "qr"} close={close} title={t("qr.title")}>
        <Stack>
          <Text size="sm">{t("qr.text")}</Text>
          <QrCode text={text} title={t("esp32.lines")} />
        </Stack>
      </Dialog>
    </Stack>
  );
}
