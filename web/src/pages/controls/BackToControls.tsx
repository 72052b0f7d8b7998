import { Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

/** Leads back to the buttons. */
export function BackToControls({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("controls");
  return (
    <Anchor component={Link} to={`/cars/${encodeURIComponent(vehicle)}/controls`} size="sm">
      {`‹ ${t("title")}`}
    </Anchor>
  );
}
