import { Card, Group, Text } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Connection, ListedVehicle } from "../../data/live/types";
import classes from "./CarCard.module.css";
import { CareList } from "./CareList";
import { CarGlance } from "./CarGlance";
import { careOf } from "./care";
import { PresenceLine } from "./PresenceLine";

interface Props {
  id: string;
  name: string;
  /** Undefined until something is known of it. */
  listed: ListedVehicle | undefined;
  connection: Connection;
  /** Where it is if not on this server. */
  elsewhere?: string;
  /** More cars are here than can be followed, and this is one too many. */
  isLeftOut?: boolean;
}

const NOBODY = { is_online: null, since: null };

/** Shows one of several cars: whether it is there, its charge, and what needs care. */
export function CarCard({ id, name, listed, connection, elsewhere, isLeftOut = false }: Props) {
  const { t } = useTranslation("car");
  const state = listed?.state ?? null;
  const presence = listed?.presence ?? NOBODY;
  const groups = state?.groups ?? null;
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
      {elsewhere === undefined && !isLeftOut ? (
        <PresenceLine view={{ state, presence, connection }} />
      ) : (
        <Text size="sm" c="dimmed" mih={24}>
          {elsewhere === undefined
            ? t("cars.leftOut")
            : t("cars.elsewhere", { address: elsewhere })}
        </Text>
      )}
      <CarGlance vehicle={id} state={state} />
      {groups !== null && <CareList care={careOf(groups, presence)} />}
    </Card>
  );
}
