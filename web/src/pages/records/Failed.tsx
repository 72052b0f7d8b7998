import { Alert, Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useErrorText } from "../../components/useErrorText";

interface Props {
  error: Error | null;
  onRetry: () => void;
}

/** Says why something could not be read, where it would stand. */
export function Failed({ error, onRetry }: Props) {
  const { t } = useTranslation("records");
  const { t: common } = useTranslation();
  const say = useErrorText();
  if (error === null) return null;
  return (
    <Alert color="red" title={t("failed")}>
      <Text size="sm">{say(error)}</Text>
      <Button variant="default" size="xs" mt="xs" onClick={onRetry}>
        {common("error.retry")}
      </Button>
    </Alert>
  );
}
