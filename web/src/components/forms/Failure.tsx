import { Alert, Button, List } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../data/api";
import { useErrorText } from "../useErrorText";

interface Props {
  error: Error | null;
  /** What did not come about. */
  title?: string | undefined;
  /** Tries it again, where that is another button than that of the first try. */
  onRetry?: () => void;
  /** What to say of some errors in place of the server's words, by their codes; `fault` is what the browser says. */
  known?: Record<string, string>;
}

/** Says in place why a call failed, and stays until the next try. */
export function Failure({ error, title, onRetry, known = {} }: Props) {
  const { t } = useTranslation();
  const say = useErrorText();
  if (error === null) return null;
  const code = error instanceof ApiError ? error.code : "fault";
  const details = error instanceof ApiError ? error.details : [];
  return (
    <Alert color="red" role="alert" title={title} icon={<IconAlertTriangle aria-hidden />}>
      {known[code] ?? say(error)}
      {details.length > 0 && (
        <List size="sm" mt="xs">
          {details.map(({ field, message }) => (
            <List.Item key={`${field} ${message}`}>
              {field}: {message}
            </List.Item>
          ))}
        </List>
      )}
      {onRetry !== undefined && (
        <Button variant="default" size="xs" mt="xs" display="block" onClick={onRetry}>
          {t("error.retry")}
        </Button>
      )}
    </Alert>
  );
}
