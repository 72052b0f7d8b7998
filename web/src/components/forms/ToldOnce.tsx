import { Alert, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { CopyText } from "./CopyText";

interface Props {
  title: string;
  secret: string;
}

/** A secret that the server tells this once. */
export function ToldOnce({ title, secret }: Props) {
  const { t } = useTranslation();
  return (
    <Alert title={title} icon={<IconKey aria-hidden />} role="status">
      <Stack gap="xs">
        <Text size="sm">{t("actions.toldOnce")}</Text>
        <CopyText text={secret} label={title} />
      </Stack>
    </Alert>
  );
}
