// A map as a picture of its own: its ground as it is shown, what was drawn on it, its ends, its makers.

import type { Map as MapLibre } from "maplibre-gl";
import type { MapColours } from "./colours";
import type { Position } from "./geometry";

export interface Pictured {
  start: Position | null;
  end: Position | null;
  /** Whom the ground names as its maker; empty for none. */
  attribution: string;
  colours: MapColours;
}

/** CSS pixels. */
const [RADIUS, RING, LETTERS, MARGIN] = [7, 3, 12, 6];

/**
 * Return a map as it is now. Its pixels are there while it is drawn and not afterwards, so it is
 * drawn once more.
 */
export function pictureOfMap(
  map: Pick<MapLibre, "once" | "triggerRepaint" | "getCanvas" | "project">,
  pictured: Pictured,
): Promise<HTMLCanvasElement> {
  return new Promise((done) => {
    map.once("render", () => {
      const shown = map.getCanvas();
      const picture = document.createElement("canvas");
      picture.width = shown.width;
      picture.height = shown.height;
      const context = picture.getContext("2d");
      if (context !== null) {
        context.drawImage(shown, 0, 0);
        const scale = shown.clientWidth > 0 ? shown.width / shown.clientWidth : 1;
        context.scale(scale, scale);
        drawEnds(context, pictured, (each) => map.project([...each]));
        drawMakers(context, pictured, shown.width / scale, shown.height / scale);
      }
      done(picture);
    });
    map.triggerRepaint();
  });
}

type Context = Pick<CanvasRenderingContext2D, "beginPath" | "arc" | "fill" | "stroke"> &
  Pick<CanvasRenderingContext2D, "measureText" | "fillRect" | "fillText"> &
  Pick<CanvasRenderingContext2D, "fillStyle" | "strokeStyle" | "lineWidth" | "font">;

/** Draw where it began, a ring, and where it ended, a dot; what is off the map is not seen. */
function drawEnds(
  context: Context,
  { start, end, colours }: Pictured,
  project: (position: Position) => { x: number; y: number },
): void {
  for (const [position, inside] of [
    [start, colours.halo],
    [end, colours.track],
  ] as const) {
    if (position === null) continue;
    const { x, y } = project(position);
    context.beginPath();
    context.arc(x, y, RADIUS, 0, 2 * Math.PI);
    context.fillStyle = inside;
    context.fill();
    context.strokeStyle = colours.track;
    context.lineWidth = RING;
    context.stroke();
  }
}

/** Write who made the ground, at the corner where the page says it. */
function drawMakers(
  context: Context,
  { attribution, colours }: Pictured,
  right: number,
  bottom: number,
) {
  if (attribution === "") return;
  context.font = `${LETTERS}px "Inter Variable", system-ui, sans-serif`;
  const width = context.measureText(attribution).width + 2 * MARGIN;
  const height = LETTERS + 2 * MARGIN;
  context.fillStyle = colours.halo;
  context.fillRect(right - width, bottom - height, width, height);
  context.fillStyle = colours.text;
  context.fillText(attribution, right - width + MARGIN, bottom - MARGIN - 2);
}
