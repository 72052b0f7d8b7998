import { IconAlertTriangle, IconBell, IconEngine, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Format } from "../../components/charts/format";
import type { VehicleAlert } from "../../data/alerts";
import { parseVehicleError } from "../../protocol/alerts";
import classes from "./Alerts.module.css";
import { KINDS } from "./filter";

const ICONS = { alert: IconAlertTriangle, information: IconInfoCircle, error: IconEngine };

export interface ListedAlert extends VehicleAlert {
  isNew: boolean;
}

interface Props {
  alert: ListedAlert;
  /** What the car is called; null where all alerts are of one car. */
  car: string | null;
  /** The section says on which day it was. */
  hasDay: boolean;
  format: Format;
}

/** One alert: what kind, when, and what the car said, as text and nothing else. */
export function AlertItem({ alert, car, hasDay, format }: Props) {
  const { t } = useTranslation("alerts");
  const kind = KINDS.find((each) => each === alert.kind);
  const Icon = kind === undefined ? IconBell : ICONS[kind];
  const text = useAlertText(alert);
  return (
    <li className={classes.item} data-kind={alert.kind} data-new={alert.isNew || undefined}>
      <Icon className={classes.icon} size={24} stroke={1.5} aria-hidden />
      <div className={classes.words}>
        <p className={classes.text}>{text}</p>
        <p className={classes.note}>
          {car !== null && (
            <>
              <Link to={`/cars/${encodeURIComponent(alert.vehicle_id)}/alerts`}>{car}</Link>
              {" · "}
            </>
          )}
          {kind === undefined ? t("kinds.other", { letter: alert.kind }) : t(`kinds.${kind}`)}
          {" · "}
          <time dateTime={alert.time}>
            {hasDay ? format.time(alert.time) : format.dateTime(alert.time)}
          </time>
        </p>
      </div>
    </li>
  );
}

/** Return what an alert says; a fault of a vehicle type is a code, which is said as one. */
function useAlertText({ kind, text }: VehicleAlert): string {
  const { t } = useTranslation("alerts");
  if (text === null) return t("hidden");
  const fault = kind === "error" ? parseVehicleError(text) : null;
  if (fault === null) return text.trim() === "" ? t("noText") : text.trim();
  const said = { code: fault.code, type: fault.vehicleType, data: fault.data };
  return fault.data === "" ? t("fault", said) : t("faultData", said);
}
