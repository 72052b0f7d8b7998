import { ActionIcon } from "@mantine/core";
import { IconArrowsMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Bounds } from "./geometry";
import classes from "./MapButtons.module.css";
import { MAX_FIT_ZOOM } from "./MapCanvas";
import { useMap } from "./MapContext";

interface Props {
  /** What "all of it" is; null is nothing yet. */
  fit: Bounds | null;
  onFit?: () => void;
  children?: ReactNode;
}

/** The buttons of a map: nearer, farther, all of it, and what a page adds. */
export function MapButtons({ fit, onFit, children }: Props) {
  const { t } = useTranslation("map");
  const { map } = useMap();
  const showAll = () => {
    onFit?.();
    if (fit !== null) map.fitBounds([...fit], { padding: 48, maxZoom: MAX_FIT_ZOOM });
  };
  return (
    <div className={classes.buttons}>
      <MapButton label={t("nearer")} onClick={() => map.zoomIn()}>
        <IconPlus size={20} aria-hidden />
      </MapButton>
      <MapButton label={t("farther")} onClick={() => map.zoomOut()}>
        <IconMinus size={20} aria-hidden />
      </MapButton>
      {fit !== null && (
        <MapButton label={t("fit")} onClick={showAll}>
          <IconArrowsMaximize size={20} aria-hidden />
        </MapButton>
      )}
      {children}
    </div>
  );
}

interface ButtonProps {
  label: string;
  onClick: () => void;
  /** Of a button that stays pressed. */
  isOn?: boolean;
  children: ReactNode;
}

export function MapButton({ label, onClick, isOn, children }: ButtonProps) {
  const pressed = isOn === undefined ? {} : { "aria-pressed": isOn };
  return (
    <ActionIcon
      variant={isOn === true ? "filled" : "default"}
      size={44}
      aria-label={label}
      title={label}
      onClick={onClick}
      {...pressed}
    >
      {children}
    </ActionIcon>
  );
}
