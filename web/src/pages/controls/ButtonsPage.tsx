import { Box, NavLink, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconAdjustments, IconTerminal2, IconToggleLeft } from "@tabler/icons-react";
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { AskDialog } from "../../components/car/control/AskDialog";
import { ChargeSettings } from "../../components/car/control/ChargeSettings";
import { ControlButton } from "../../components/car/control/ControlButton";
import { SECTIONS } from "../../components/car/control/controls";
import { type Controls, useControls } from "../../components/car/control/useControls";
import { WhyNone } from "../../components/car/control/WhyNone";
import { PresenceLine } from "../../components/car/PresenceLine";
import { useCar } from "../../components/car/useCar";
import { usePageTitle } from "../../components/usePageTitle";
import { useVehicle } from "../../data/live/useVehicle";

type Section = keyof typeof SECTIONS;

const ORDER = ["doors", "charge", "climate", "car"] as const satisfies Section[];

/** The buttons that tell a car something. */
export function ButtonsPage() {
  const { t } = useTranslation("controls");
  const vehicle = useParams().vehicle ?? "";
  const { name } = useCar(vehicle);
  usePageTitle(t("heading", { name }));
  return (
    <Stack p="md" gap="sm" maw={960}>
      <Head vehicle={vehicle} />
      <All controls={useControls(vehicle)} />
    </Stack>
  );
}

/** Says whether the car is there, and what is special about telling it something. */
function Head({ vehicle }: { vehicle: string }) {
  const view = useVehicle(vehicle);
  return (
    <div>
      <Heading />
      <PresenceLine view={view} />
      <Special
        mayWrite={view.state?.groups.module?.may_write ?? true}
        isParanoid={view.state?.is_paranoid ?? false}
        isSealed={view.seals_commands}
      />
    </div>
  );
}

const Heading = memo(function Heading() {
  const { t } = useTranslation("controls");
  return (
    <Title order={1} size="h2" mb={4}>
      {t("title")}
    </Title>
  );
});

interface SpecialProps {
  mayWrite: boolean;
  isParanoid: boolean;
  isSealed: boolean;
}

const Special = memo(function Special({ mayWrite, isParanoid, isSealed }: SpecialProps) {
  const { t } = useTranslation("controls");
  return (
    <>
      {!mayWrite && (
        <Text size="sm" mt={4}>
          {t("mayNotWrite")}
        </Text>
      )}
      {isParanoid && (
        <Text size="sm" mt={4}>
          {t(isSealed ? "sealed" : "notSealed")}
        </Text>
      )}
    </>
  );
});

/** All controls; a report that changes none of them renders none. */
const All = memo(function All({ controls }: { controls: Controls }) {
  return (
    <>
      <WhyNone controls={controls} />
      {ORDER.map((section) => (
        <Buttons key={section} section={section} controls={controls}>
          {section === "charge" && <ChargeSettings controls={controls} />}
        </Buttons>
      ))}
      <Pages />
      <AskDialog controls={controls} />
    </>
  );
});

interface ButtonsProps {
  section: Section;
  controls: Controls;
  children: ReactNode;
}

function Buttons({ section, controls, children }: ButtonsProps) {
  const { t } = useTranslation("controls");
  return (
    <Box component="section" aria-labelledby={`section-${section}`}>
      <Title order={2} size="h4" mb="xs" id={`section-${section}`}>
        {t(`section.${section}`)}
      </Title>
      <SimpleGrid minColWidth="9.5rem" spacing="sm" verticalSpacing={2}>
        {SECTIONS[section].map((name) => (
          <ControlButton key={name} name={name} controls={controls} />
        ))}
      </SimpleGrid>
      {children}
    </Box>
  );
}

const PAGES = [
  { path: "shell", Icon: IconTerminal2 },
  { path: "features", Icon: IconToggleLeft },
  { path: "parameters", Icon: IconAdjustments },
] as const;

/** Leads to what one needs less often. */
const Pages = memo(function Pages() {
  const { t } = useTranslation("controls");
  return (
    <Box component="nav" aria-label={t("module")}>
      <Title order={2} size="h4" mb="xs">
        {t("module")}
      </Title>
      {PAGES.map(({ path, Icon }) => (
        <NavLink
          key={path}
          component={Link}
          to={path}
          label={t(`${path}.title`)}
          leftSection={<Icon size={22} stroke={1.5} aria-hidden />}
        />
      ))}
    </Box>
  );
});
