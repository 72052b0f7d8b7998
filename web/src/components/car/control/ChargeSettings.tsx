import { NativeSelect, NumberInput, SimpleGrid, TextInput } from "@mantine/core";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { UNKNOWN } from "../../../data/quantities";
import { CHARGE_MODES } from "../../../protocol/tables";
import { ChargeSetting } from "./ChargeSetting";
import { localTime, offsetHere, utcMinutes } from "./timer";
import type { Controls } from "./useControls";

const MODES = Object.values(CHARGE_MODES);
/** What the command takes. */
const AMPS = { least: 1, most: 255 };

/** Sets mode, current and timer of the charge. */
export const ChargeSettings = memo(function ChargeSettings({ controls }: { controls: Controls }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
      <Mode controls={controls} />
      <Current controls={controls} />
      <Timer controls={controls} />
    </SimpleGrid>
  );
});

function Mode({ controls }: { controls: Controls }) {
  const { t } = useTranslation("controls");
  const reported = controls.groups?.charge?.mode ?? null;
  const [wanted, setWanted] = useState<string | null>(null);
  const mode = wanted ?? reported ?? "";
  return (
    <ChargeSetting
      controls={controls}
      command="charge-mode"
      parameters={mode === "" ? null : { mode }}
      effect={({ charge }) => (wanted === null ? null : charge?.mode === wanted)}
    >
      <NativeSelect
        label={t("charge.mode")}
        value={mode}
        onChange={({ currentTarget }) => setWanted(currentTarget.value)}
        data={[
          ...(mode === "" ? [{ value: "", label: UNKNOWN, disabled: true }] : []),
          ...MODES.map((value) => ({ value, label: t(`charge.modes.${value}` as never) })),
        ]}
      />
    </ChargeSetting>
  );
}

function Current({ controls }: { controls: Controls }) {
  const { t } = useTranslation("controls");
  const reported = controls.groups?.charge?.current_limit ?? null;
  const [wanted, setWanted] = useState<number | null>(null);
  const amps = wanted ?? reported;
  const isGood = amps !== null && amps >= AMPS.least && amps <= AMPS.most;
  return (
    <ChargeSetting
      controls={controls}
      command="charge-current"
      parameters={isGood ? { amps: String(Math.round(amps)) } : null}
      effect={({ charge }) => (wanted === null ? null : charge?.current_limit === wanted)}
    >
      <NumberInput
        label={t("charge.current")}
        value={amps ?? ""}
        min={AMPS.least}
        max={AMPS.most}
        allowDecimal={false}
        suffix=" A"
        onChange={(value) => setWanted(typeof value === "number" ? value : null)}
      />
    </ChargeSetting>
  );
}

function Timer({ controls }: { controls: Controls }) {
  const { t } = useTranslation("controls");
  const charge = controls.groups?.charge ?? null;
  const [wanted, setWanted] = useState<{ timer?: string; time?: string }>({});
  const isTimed = charge?.is_timed ?? false;
  const timer = wanted.timer ?? (isTimed ? "timer" : "plug-in");
  const time = wanted.time ?? localTime(charge?.timer_start ?? null, offsetHere());
  const minutes = timer === "timer" ? utcMinutes(time, offsetHere()) : 0;
  return (
    <ChargeSetting
      controls={controls}
      command="charge-timer"
      parameters={minutes === null ? null : { timer, minutes: String(minutes) }}
      effect={(groups) => groups.charge?.is_timed === (timer === "timer")}
    >
      <NativeSelect
        label={t("charge.timer")}
        value={timer}
        onChange={({ currentTarget }) => setWanted({ ...wanted, timer: currentTarget.value })}
        data={[
          { value: "plug-in", label: t("charge.whenPlugged") },
          { value: "timer", label: t("charge.atTime") },
        ]}
      />
      {timer === "timer" && (
        <TextInput
          type="time"
          aria-label={t("charge.time")}
          value={time}
          mt={4}
          onChange={({ currentTarget }) => setWanted({ ...wanted, time: currentTarget.value })}
        />
      )}
    </ChargeSetting>
  );
}
