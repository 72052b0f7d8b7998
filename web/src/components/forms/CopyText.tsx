import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./CopyText.module.css";

interface Props {
  text: string;
  /** What it is, for those who do not see where it stands. */
  label: string;
}

/** A text to take along as it is. A click selects all of it, where the clipboard is closed. */
export function CopyText({ text, label }: Props) {
  const { t } = useTranslation();
  const { copy, copied } = useClipboard({ timeout: 2000 });
  const Icon = copied ? IconCheck : IconCopy;
  return (
    <div className={classes.box}>
      <pre className={classes.text}>{text}</pre>
      {window.isSecureContext && (
        <Button
          size="compact-md"
          variant="default"
          leftSection={<Icon size={16} aria-hidden />}
          onClick={() => copy(text)}
          aria-label={copied ? t("actions.copied") : t("actions.copyOf", { what: label })}
        >
          {copied ? t("actions.copied") : t("actions.copy")}
        </Button>
      )}
    </div>
  );
}
