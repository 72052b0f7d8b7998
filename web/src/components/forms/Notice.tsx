import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  title?: string;
  icon?: ReactNode;
  children: ReactNode;
}

/** Something that a person had better look at, in words that are read well on any ground. */
export function Notice({ title, icon = <IconAlertTriangle aria-hidden />, children }: Props) {
  return (
    <Alert
      role="note" // an alert would be read out each time that an age in it counts on
      variant="outline"
      color="orange"
      icon={icon}
      title={title}
      styles={{ title: { color: "var(--mantine-color-text)" } }}
    >
      {children}
    </Alert>
  );
}
