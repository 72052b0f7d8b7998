import { ActionIcon } from "@mantine/core";
import { useCallbackRef } from "@mantine/hooks";
import { IconArrowsMaximize, IconMinus, IconPlus, type TablerIcon } from "@tabler/icons-react";
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Bounds } from "./geometry";
import classes from "./MapButtons.module.css";
import { MAX_FIT_ZOOM } from "./MapCanvas";
import { useMap } from "./MapContext";

interface Props {
  /** Returns what "all of it" is, when it is asked for; null is nothing yet. */
  whole: (() => Bounds | null) | null;
  onFit?: () => void;
  children?: ReactNode;
}

/** The buttons of a map: nearer, farther, all of it, and what a page adds. */
export function MapButtons({ whole, onFit, children }: Props) {
  const { t } = useTranslation("map");
  const { map } = useMap();
  const showAll = () => {
    onFit?.();
    const bounds = whole?.() ?? null;
    if (bounds !== null) map.fitBounds([...bounds], { padding: 48, maxZoom: MAX_FIT_ZOOM });
  };
  return (
    <div className={classes.buttons}>
      <MapButton label={t("nearer")} onClick={() => map.zoomIn()} Icon={IconPlus} />
      <MapButton label={t("farther")} onClick={() => map.zoomOut()} Icon={IconMinus} />
      {whole !== null && <MapButton label={t("fit")} onClick={showAll} Icon={IconArrowsMaximize} />}
      {children}
    </div>
  );
}

interface ButtonProps {
  label: string;
  onClick: () => void;
  /** Of a button that stays pressed. */
  isOn?: boolean;
  Icon: TablerIcon;
}

/** One of the buttons; the page around it is rendered with each report, and this is not. */
export function MapButton({ onClick, ...props }: ButtonProps) {
  const press = useCallbackRef(onClick);
  return <Face {...props} onClick={press} />;
}

const Face = memo(function Face({ label, onClick, isOn, Icon }: ButtonProps) {
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
      <Icon size={20} aria-hidden />
    </ActionIcon>
  );
});
