import { NavLink } from "@mantine/core";
import { IconMailForward, IconRoute } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Section } from "../../components/forms/Section";
import { useListedVehicle } from "../../data/vehicles";

/** Leads to who is told of a car's alerts, and to what is told of its journeys. */
export function AlertsWanted({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("alerts");
  const found = useListedVehicle(vehicle);
  if (!found?.rights.includes("manage")) return null;
  const base = `/cars/${encodeURIComponent(vehicle)}`;
  return (
    <Section title={t("wanted.title")}>
      <NavLink
        component={Link}
        to={`${base}/settings/alerts`}
        label={t("wanted.channels")}
        description={t("wanted.channelsText")}
        leftSection={<IconMailForward size={24} stroke={1.5} aria-hidden />}
      />
      <NavLink
        component={Link}
        to={`${base}/journeys/alerts`}
        label={t("wanted.rules")}
        description={t("wanted.rulesText")}
        leftSection={<IconRoute size={24} stroke={1.5} aria-hidden />}
      />
    </Section>
  );
}
