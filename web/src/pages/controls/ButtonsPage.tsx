import { Box, SimpleGrid, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { AskDialog } from "../../components/car/control/AskDialog";
import { ControlButton } from "../../components/car/control/ControlButton";
import { SECTIONS } from "../../components/car/control/controls";
import { type Controls, useControls } from "../../components/car/control/useControls";
import { PresenceLine } from "../../components/car/PresenceLine";
import { useCar } from "../../components/car/useCar";
import { usePageTitle } from "../../components/usePageTitle";

type Section = keyof typeof SECTIONS;

const ORDER = ["doors", "charge", "climate", "car"] as const satisfies Section[];

/** The buttons that tell a car something. */
export function ButtonsPage() {
  const { t } = useTranslation("controls");
  const vehicle = useParams().vehicle ?? "";
  const { name } = useCar(vehicle);
  const controls = useControls(vehicle);
  usePageTitle(t("heading", { name }));
  return (
    <Stack p="md" gap="lg" maw={960}>
      <div>
        <Title order={1} size="h2" mb={4}>
          {t("title")}
        </Title>
        <PresenceLine view={controls.view} />
      </div>
      {ORDER.map((section) => (
        <Buttons key={section} section={section} controls={controls} />
      ))}
      <AskDialog controls={controls} />
    </Stack>
  );
}

function Buttons({ section, controls }: { section: Section; controls: Controls }) {
  const { t } = useTranslation("controls");
  return (
    <Box component="section" aria-labelledby={`section-${section}`}>
      <Title order={2} size="h4" mb="xs" id={`section-${section}`}>
        {t(`section.${section}`)}
      </Title>
      <SimpleGrid cols={{ base: 2, xs: 3, sm: 4, md: 5 }} spacing="sm">
        {SECTIONS[section].map((name) => (
          <ControlButton key={name} name={name} controls={controls} />
        ))}
      </SimpleGrid>
    </Box>
  );
}
