import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNewVersion } from "../data/worker";
import classes from "./NewVersion.module.css";

/** Says that a new version of the app is there. It waits until somebody wants it. */
export function NewVersion() {
  const { t } = useTranslation();
  const load = useNewVersion();
  return (
    <div role="status">
      {load !== null && (
        <div className={classes.bar}>
          {t("newVersion.text")}
          <Button size="xs" onClick={load}>
            {t("newVersion.load")}
          </Button>
        </div>
      )}
    </div>
  );
}
