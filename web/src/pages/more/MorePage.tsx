import { NavLink, Stack, Title } from "@mantine/core";
import {
  IconAdjustments,
  IconApi,
  IconCar,
  IconChartLine,
  IconDatabase,
  IconLogout,
  IconPlug,
  IconServer,
  IconSteeringWheel,
  IconUser,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Failure } from "../../components/forms/Failure";
import { usePageTitle } from "../../components/usePageTitle";
import { useVehicleId } from "../../components/useVehicleId";
import { useLogOut, useSession } from "../../data/session";
import { DeviceChoices } from "./DeviceChoices";

/** The pages of the car that the bar has no room for. */
const OF_CAR = [
  { key: "charts", Icon: IconChartLine },
  { key: "controls", Icon: IconSteeringWheel },
  { key: "records", Icon: IconDatabase },
  { key: "settings", Icon: IconAdjustments },
] as const;

const OF_SERVER = [
  { key: "cars", to: "/cars", Icon: IconCar, forAdmins: false },
  { key: "setup", to: "/setup", Icon: IconPlug, forAdmins: false },
  { key: "account", to: "/account", Icon: IconUser, forAdmins: false },
  { key: "admin", to: "/admin", Icon: IconServer, forAdmins: true },
] as const;

/** What has no place in the bar. */
export default function MorePage() {
  const { t } = useTranslation();
  const vehicle = useVehicleId();
  const { data: who } = useSession();
  usePageTitle(t("nav.more"));
  return (
    <Stack p="lg" gap="xs" maw={560}>
      <Title order={1} size="h2">
        {t("nav.more")}
      </Title>
      {vehicle !== null &&
        OF_CAR.map(({ key, Icon }) => (
          <NavLink
            key={key}
            component={Link}
            to={`/cars/${encodeURIComponent(vehicle)}/${key}`}
            label={t(`nav.${key}`)}
            leftSection={<Icon size={24} stroke={1.5} aria-hidden />}
          />
        ))}
      {OF_SERVER.filter(({ forAdmins }) => !forAdmins || who?.is_admin).map(({ key, to, Icon }) => (
        <NavLink
          key={key}
          component={Link}
          to={to}
          label={t(`nav.${key}`)}
          leftSection={<Icon size={24} stroke={1.5} aria-hidden />}
        />
      ))}
      <NavLink
        href="/docs"
        label={t("nav.api")}
        leftSection={<IconApi size={24} stroke={1.5} aria-hidden />}
      />
      <DeviceChoices />
      <LogOut />
    </Stack>
  );
}

function LogOut() {
  const { t } = useTranslation();
  const { data: who } = useSession();
  const logOut = useLogOut();
  return (
    <>
      <NavLink
        component="button"
        type="button"
        onClick={() => logOut.mutate()}
        label={t("logOut")}
        description={who?.owner}
        leftSection={<IconLogout size={24} stroke={1.5} aria-hidden />}
      />
      <Failure error={logOut.error} />
    </>
  );
}
