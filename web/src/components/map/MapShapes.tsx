import type { Feature } from "geojson";
import { memo, useMemo } from "react";
import { type Line, type Position, ringOf, unwrapped } from "./geometry";
import { useMap } from "./MapContext";
import { type ShapeLayer, useShapes } from "./useShapes";

interface TrackProps {
  id: string;
  lines: readonly Line[];
}

/** The way that something went. */
export const TrackLines = memo(function TrackLines({ id, lines }: TrackProps) {
  const { colours } = useMap();
  const data = useMemo(() => trackOf(lines), [lines]);
  const line = (colour: string, width: number): ShapeLayer => ({
    type: "line",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour, "line-width": width },
  });
  useShapes(id, data, [line(colours.halo, 7), line(colours.track, 4)]);
  return null;
});

function trackOf(lines: readonly Line[]): Feature {
  const coordinates = unwrapped(lines).map((line) => line.map((each) => [...each]));
  return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates } };
}

interface CirclesProps {
  id: string;
  circles: readonly { position: Position; radius: number }[];
  colour: string;
}

/** Circles of so many metres: places, or how sure a position is. */
export const Circles = memo(function Circles({ id, circles, colour }: CirclesProps) {
  const data = useMemo(() => circlesOf(circles), [circles]);
  useShapes(id, data, [
    { type: "fill", paint: { "fill-color": colour, "fill-opacity": 0.12 } },
    { type: "line", paint: { "line-color": colour, "line-width": 1.5 } },
  ]);
  return null;
});

function circlesOf(circles: CirclesProps["circles"]): Feature {
  const coordinates = circles.map(({ position, radius }) => [
    ringOf(position, radius).map((each) => [...each]),
  ]);
  return { type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates } };
}
