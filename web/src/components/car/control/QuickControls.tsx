import { Anchor, SimpleGrid, Stack } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { AskDialog } from "./AskDialog";
import { ControlButton } from "./ControlButton";
import type { ControlKey } from "./controls";
import { type Controls, useControls } from "./useControls";
import { WhyNone } from "./WhyNone";

/** The buttons that one needs most, one tap from the car: what is not so now. */
export function QuickControls({ vehicle }: { vehicle: string }) {
  return <Buttons vehicle={vehicle} controls={useControls(vehicle)} />;
}

interface ButtonsProps {
  vehicle: string;
  controls: Controls;
}

const Buttons = memo(function Buttons({ vehicle, controls }: ButtonsProps) {
  const { t } = useTranslation("controls");
  const { groups } = controls;
  const names: ControlKey[] = [
    groups?.doors?.is_locked === true ? "unlock" : "lock",
    groups?.charge?.is_charging === true ? "chargeStop" : "chargeStart",
    groups?.temperatures?.is_hvac_on === true ? "climateOff" : "climateOn",
  ];
  return (
    <Stack gap={4}>
      <WhyNone controls={controls} />
      <SimpleGrid minColWidth="6rem" autoFlow="auto-fit" spacing="sm">
        {names.map((name, at) => (
          <ControlButton key={PLACES[at]} name={name} controls={controls} />
        ))}
      </SimpleGrid>
      <Anchor component={Link} to={`/cars/${encodeURIComponent(vehicle)}/controls`} size="sm">
        {t("all")}
      </Anchor>
      <AskDialog controls={controls} />
    </Stack>
  );
});

const PLACES = ["lock", "charge", "climate"] as const;
