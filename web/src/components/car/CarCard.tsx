import { Card, Group, Text } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFigures } from "../../data/figures";
import type { Connection, ListedVehicle } from "../../data/live/types";
import { useLook } from "../../data/look";
import { BatteryBar } from "./BatteryBar";
import classes from "./CarCard.module.css";
import { CareList } from "./CareList";
import { CarPicture } from "./CarPicture";
import { careOf } from "./care";
import { PresenceLine } from "./PresenceLine";
import { partsOf } from "./parts";
import { bodyOf } from "./shapes";
import { usePictureText } from "./usePictureText";

interface Props {
  id: string;
  name: string;
  /** Undefined until something is known of it. */
  listed: ListedVehicle | undefined;
  connection: Connection;
  /** Where it is if not on this server. */
  elsewhere?: string;
}

const NOBODY = { is_online: null, since: null };

/** Shows one of several cars: whether it is there, its charge, and what needs care. */
export function CarCard({ id, name, listed, connection, elsewhere }: Props) {
  const { t } = useTranslation("car");
  const look = useLook(id);
  const describe = usePictureText();
  const { distance, estimated } = useFigures();
  const state = listed?.state ?? null;
  const presence = listed?.presence ?? NOBODY;
  const groups = state?.groups ?? null;
  const parts = partsOf(groups);
  const battery = groups?.battery ?? null;
  const isCharging = groups?.charge?.is_charging === true;
  return (
    <Card
      component={Link}
      to={`/cars/${encodeURIComponent(id)}`}
      withBorder
      padding="md"
      className={classes.card ?? ""}
    >
      <Group justify="space-between" wrap="nowrap">
        <Text fw={650} truncate component="h2" size="md" m={0}>
          {name}
        </Text>
        {isCharging && <IconBolt size={20} aria-label={t("picture.charging")} />}
      </Group>
      {elsewhere === undefined ? (
        <PresenceLine view={{ state, presence, connection }} />
      ) : (
        <Text size="sm" c="dimmed" mih={24}>
          {t("cars.elsewhere", { address: elsewhere })}
        </Text>
      )}
      <CarPicture
        body={bodyOf(look.body, groups?.module?.vehicle_type)}
        tint={look.tint}
        parts={parts}
        label={describe(parts)}
      />
      <BatteryBar
        soc={battery?.soc ?? null}
        isOld={battery?.is_stale ?? true}
        isCharging={isCharging}
        limit={null}
        onLimit={null}
      />
      <Text size="sm" mt={4}>
        {state?.is_paranoid === true && groups?.battery === null
          ? t("cars.sealed")
          : estimated(distance(battery?.estimated_range))}
      </Text>
      {groups !== null && <CareList care={careOf(groups, presence)} />}
    </Card>
  );
}
