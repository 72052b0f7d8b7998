import { Alert, List } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ApiError } from "../../data/api";
import { useErrorText } from "../useErrorText";

interface Props {
  error: Error | null;
  /** What to say of some errors in place of the server's words, by their codes. */
  known?: Record<string, string>;
}

/** Says in place why a call failed, and stays until the next try. */
export function Failure({ error, known = {} }: Props) {
  const say = useErrorText();
  if (error === null) return null;
  const code = error instanceof ApiError ? error.code : "";
  const details = error instanceof ApiError ? error.details : [];
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />}>
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
    </Alert>
  );
}
