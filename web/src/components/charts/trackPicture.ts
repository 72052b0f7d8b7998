// A track for the picture of a chart: drawn anew, so that it needs no tiles of others.

import { drawingOf } from "../map/drawing";
import type { Line } from "../map/geometry";

/** Return a drawing of a track, as wide as the chart beside it; null without a position. */
export function trackPicture(lines: readonly Line[], colour: string): HTMLCanvasElement | null {
  const size = { width: 640, height: 360, margin: 16 };
  const drawing = drawingOf(lines, size);
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext("2d");
  if (drawing === null || context === null) return null;
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.stroke(new Path2D(drawing.path));
  context.beginPath();
  context.arc(drawing.end[0], drawing.end[1], 6, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}
