import { Stack } from "@mantine/core";
import { useId, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../components/charts/useFormat";
import { nameOf } from "../../components/VehicleSwitch";
import { useMinute } from "../../data/now";
import { useVehicles } from "../../data/vehicles";
import { AlertItem, type ListedAlert } from "./AlertItem";
import classes from "./Alerts.module.css";
import { type Section, sectionsOf } from "./filter";

interface Props {
  alerts: readonly ListedAlert[];
  /** They are of several cars, so each says whose it is. */
  ofAll: boolean;
}

/** Alerts below each other: the new ones, then a day each. */
export function AlertSections({ alerts, ofAll }: Props) {
  const { zone } = useFormat();
  const now = useMinute();
  const sections = useMemo(() => sectionsOf(alerts, zone, now), [alerts, zone, now]);
  return (
    <Stack gap="lg">
      {sections.map((section) => (
        <Part key={section.key} section={section} ofAll={ofAll} />
      ))}
    </Stack>
  );
}

function Part({ section, ofAll }: { section: Section<ListedAlert>; ofAll: boolean }) {
  const { t } = useTranslation("alerts");
  const format = useFormat();
  const { data: vehicles = [] } = useVehicles();
  const head = useId();
  const first = section.items[0];
  const carOf = (id: string) => {
    const found = vehicles.find((each) => each.id === id);
    return found === undefined ? id : nameOf(found);
  };
  return (
    <section aria-labelledby={head}>
      <h2 id={head} className={classes.day}>
        {section.name === "day" && first !== undefined
          ? format.date(first.time)
          : t(`sections.${section.name as "new" | "today" | "yesterday"}`)}
      </h2>
      <ul className={classes.list}>
        {section.items.map((alert, index) => (
          <AlertItem
            // biome-ignore lint/suspicious/noArrayIndexKey: two may be alike, and none has an id
            key={`${alert.vehicle_id} ${alert.time} ${index}`}
            alert={alert}
            car={ofAll ? carOf(alert.vehicle_id) : null}
            hasDay={section.name !== "new"}
            format={format}
          />
        ))}
      </ul>
    </section>
  );
}
