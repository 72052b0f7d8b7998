import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import type { VehicleState } from "../../data/live/types";
import { useLook } from "../../data/look";
import { BatteryBar } from "./BatteryBar";
import { CarPicture } from "./CarPicture";
import { partsOf } from "./parts";
import { bodyOf } from "./shapes";
import { usePictureText } from "./usePictureText";

interface Props {
  vehicle: string;
  /** Null until something is known of it. */
  state: VehicleState | null;
}

/** The least that one wants to see of a car: its picture, its charge, how far it goes. */
export function CarGlance({ vehicle, state }: Props) {
  const { t } = useTranslation("car");
  const look = useLook(vehicle);
  const describe = usePictureText();
  const { distance, estimated } = useFigures();
  const groups = state?.groups ?? null;
  const parts = partsOf(groups);
  const battery = groups?.battery ?? null;
  return (
    <div>
      <CarPicture
        body={bodyOf(look.body, groups?.module?.vehicle_type)}
        tint={look.tint}
        parts={parts}
        label={describe(parts)}
      />
      <BatteryBar
        soc={battery?.soc ?? null}
        isOld={battery?.is_stale ?? true}
        isCharging={groups?.charge?.is_charging === true}
        limit={null}
        onLimit={null}
      />
      <Text size="sm" mt={4}>
        {state?.is_paranoid === true && battery === null
          ? t("cars.sealed")
          : estimated(distance(battery?.estimated_range))}
      </Text>
    </div>
  );
}
