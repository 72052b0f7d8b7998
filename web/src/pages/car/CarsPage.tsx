import { NavLink, Stack, Title } from "@mantine/core";
import { IconCar } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePageTitle } from "../../components/usePageTitle";
import { nameOf } from "../../components/VehicleSwitch";
import { useVehicles } from "../../data/vehicles";

/** All cars of the caller. */
export default function CarsPage() {
  const { t } = useTranslation();
  const { data: vehicles = [] } = useVehicles();
  usePageTitle(t("nav.cars"));
  return (
    <Stack p="lg" gap="sm" maw={560}>
      <Title order={1} size="h2">
        {t("nav.cars")}
      </Title>
      {vehicles.map((each) => (
        <NavLink
          key={each.id}
          component={Link}
          to={`/cars/${encodeURIComponent(each.id)}`}
          label={nameOf(each)}
          description={each.id}
          leftSection={<IconCar size={24} stroke={1.5} aria-hidden />}
        />
      ))}
    </Stack>
  );
}
