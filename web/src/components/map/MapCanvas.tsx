import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useWeb } from "../../data/web";
import type { Bounds } from "./geometry";
import { styleOf } from "./ground";
import classes from "./MapCanvas.module.css";
import { MapContext, type ReadyMap } from "./MapContext";
import { MapLibre, setGround } from "./maplibre";
import type { Ground } from "./style";

export interface MapCanvasProps {
  /** What a screen reader says. */
  label: string;
  /** What it shows first; null is the world. */
  bounds: Bounds | null;
  /** In a page that scrolls: one finger and the wheel scroll it, two fingers move the map. */
  isInPage?: boolean;
  /** In place of a map, where the browser cannot draw one. */
  fallback: ReactNode;
  /** What is drawn on it. */
  children: ReactNode;
}

const WORLD: Bounds = [-25, 30, 45, 65];
export const MAX_FIT_ZOOM = 16;

/** A map with its ground, on which others draw. It fills its box. */
export function MapCanvas({ fallback, children, ...props }: MapCanvasProps) {
  const { data: web, isPending } = useWeb();
  if (isPending) return <Skeleton className={classes.host} />;
  return (
    <Canvas {...props} ground={web?.map ?? null} fallback={fallback}>
      {children}
    </Canvas>
  );
}

function Canvas({ ground, fallback, children, ...props }: MapCanvasProps & { ground: Ground }) {
  const host = useRef<HTMLDivElement>(null);
  const { ready, hasFailed } = useMapLibre(host, ground, props);
  if (hasFailed) return fallback;
  return (
    <div className={classes.host}>
      <div ref={host} className={classes.host} />
      {ready !== null && <MapContext value={ready}>{children}</MapContext>}
      {ground !== null && ground.attribution !== "" && (
        <div className={classes.attribution}>{ground.attribution}</div>
      )}
    </div>
  );
}

/** Keep a map in a box, in the style of its ground and of the colour scheme. */
function useMapLibre(
  host: React.RefObject<HTMLDivElement | null>,
  ground: Ground,
  { label, bounds, isInPage = false }: Pick<MapCanvasProps, "label" | "bounds" | "isInPage">,
) {
  const { t } = useTranslation("map");
  const scheme = useComputedColorScheme();
  const [map, setMap] = useState<MapLibre | null>(null);
  const [ready, setReady] = useState<ReadyMap | null>(null);
  const [hasFailed, setHasFailed] = useState(false);
  const make = useEffectEvent((container: HTMLElement) => {
    setGround(ground);
    return new MapLibre({
      container,
      bounds: [...(bounds ?? WORLD)],
      fitBoundsOptions: { padding: 48, maxZoom: MAX_FIT_ZOOM },
      attributionControl: ground?.kind === "style" ? { compact: true } : false,
      cooperativeGestures: isInPage,
      dragRotate: false,
      maxPitch: 0,
      locale: {
        "Map.Title": label,
        "AttributionControl.ToggleAttribution": t("attribution"),
        "CooperativeGesturesHandler.WindowsHelpText": t("gestures.wheel"),
        "CooperativeGesturesHandler.MacHelpText": t("gestures.wheelMac"),
        "CooperativeGesturesHandler.MobileHelpText": t("gestures.fingers"),
      },
    });
  });
  useEffect(() => {
    const container = document.createElement("div");
    container.className = classes.host ?? "";
    host.current?.append(container);
    let made: MapLibre;
    try {
      made = make(container);
    } catch {
      setHasFailed(true);
      return;
    }
    made.touchZoomRotate.disableRotation();
    made.keyboard.disableRotation();
    setMap(made);
    return () => {
      setMap(null);
      setReady(null);
      // What is drawn on it goes first.
      queueMicrotask(() => {
        made.remove();
        container.remove();
      });
    };
  }, [host]);
  useEffect(() => {
    if (map === null) return;
    let isCurrent = true;
    const done = () => setReady((last) => ({ map, scheme, turn: (last?.turn ?? 0) + 1 }));
    map.on("style.load", done);
    void styleOf(ground, scheme).then((style) => {
      if (isCurrent) map.setStyle(style, { diff: false });
    });
    return () => {
      isCurrent = false;
      map.off("style.load", done);
    };
  }, [map, ground, scheme]);
  return { ready, hasFailed };
}
