import { Alert, Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useErrorText } from "./useErrorText";

interface Props {
  /** What is not there. */
  title: string;
  error: Error | null;
  onRetry: () => void;
}

/** Says why something could not be read, where it would stand, and tries again if wished. */
export function Failed({ title, error, onRetry }: Props) {
  const { t } = useTranslation();
  const say = useErrorText();
  if (error === null) return null;
  return (
    <Alert color="red" title={title} role="alert">
      <Text size="sm">{say(error)}</Text>
      <Button variant="default" size="xs" mt="xs" onClick={onRetry}>
        {t("error.retry")}
      </Button>
    </Alert>
  );
}
