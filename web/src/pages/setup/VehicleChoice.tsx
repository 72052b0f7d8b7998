import { Button, NavLink, Text } from "@mantine/core";
import { IconCar, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Section } from "../../components/forms/Section";
import { PageSkeleton } from "../../components/PageSkeleton";
import { Reading } from "../../components/Reading";
import { nameOf } from "../../components/VehicleSwitch";
import { useVehicles } from "../../data/vehicles";

/** Leads to a new vehicle, or to the module of one that there is. */
export function VehicleChoice() {
  const { t } = useTranslation("setup");
  const reading = useVehicles();
  const vehicles = reading.data;
  if (reading.isPending) return <PageSkeleton />;
  const own = (vehicles ?? []).filter(({ is_own }) => is_own);
  return (
    <>
      <Section title={t("choice.new")} text={t("choice.newText")}>
        <Button
          component={Link}
          to="/setup/new"
          leftSection={<IconPlus size={20} aria-hidden />}
          w="fit-content"
        >
          {t("choice.add")}
        </Button>
      </Section>
      <Reading query={reading} />
      {own.length > 0 && (
        <Section title={t("choice.existing")} text={t("choice.existingText")}>
          {own.map((vehicle) => (
            <NavLink
              key={vehicle.id}
              component={Link}
              to={`/setup/module/${encodeURIComponent(vehicle.id)}`}
              label={nameOf(vehicle)}
              description={vehicle.is_online ? t("choice.online") : t("choice.offline")}
              leftSection={<IconCar size={24} stroke={1.5} aria-hidden />}
              rightSection={
                vehicle.name === "" ? null : (
                  <Text size="sm" c="dimmed">
                    {vehicle.id}
                  </Text>
                )
              }
            />
          ))}
        </Section>
      )}
    </>
  );
}
