import { Anchor, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { DEVICE_ZONE, useFormat } from "./charts/useFormat";

/** Says of which time zone a page's days and times are, where that is not the one of this device. */
export function ZoneNote() {
  const { t } = useTranslation();
  const { zone } = useFormat();
  if (zone === DEVICE_ZONE) return null;
  return (
    <Text size="sm" c="dimmed" mt="md">
      {t("zone", { zone })}{" "}
      <Anchor component={Link} to="/account" inherit>
        {t("changeZone")}
      </Anchor>
    </Text>
  );
}
