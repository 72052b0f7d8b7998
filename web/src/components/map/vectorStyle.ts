// A quiet style for maps of lines and areas (PMTiles), made here, so that no letter and no icon
// comes from elsewhere. It knows the layers of Protomaps and of OpenMapTiles. Pure.

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Scheme } from "./colours";
import { plainStyle } from "./style";

interface Palette {
  land: string;
  water: string;
  green: string;
  building: string;
  road: string;
  casing: string;
  border: string;
  text: string;
  halo: string;
}

const LIGHT: Palette = {
  land: "#f4f3ef",
  water: "#c3d9e6",
  green: "#e0ebd8",
  building: "#e4e1d9",
  road: "#ffffff",
  casing: "#d3cfc4",
  border: "#a49d8e",
  text: "#4a4a46",
  halo: "#ffffff",
};

const DARK: Palette = {
  land: "#1d2022",
  water: "#15262f",
  green: "#1e2a22",
  building: "#272b2d",
  road: "#3d4347",
  casing: "#121415",
  border: "#6a6f73",
  text: "#bdc2c5",
  halo: "#16181a",
};

/** What the layers of a map are called; what it has of these. */
const GREEN = ["landcover", "landuse", "park"];
const ROADS = ["roads", "transportation"];
const BUILDINGS = ["buildings", "building"];
const BORDERS = ["boundaries", "boundary"];
const PLACES = ["places", "place"];

// biome-ignore format: words
const GREENS = [
  "park", "forest", "wood", "grass", "grassland", "scrub", "nature_reserve", "meadow", "cemetery",
  "golf_course", "pitch", "playground", "recreation_ground", "village_green", "garden", "farmland",
];

/** Roads by their weight; Protomaps says `kind`, OpenMapTiles `class`. */
const LARGE = ["highway", "motorway", "trunk"];
const MIDDLE = ["major_road", "primary", "secondary", "tertiary"];
const KIND: ExpressionSpecification = ["coalesce", ["get", "kind"], ["get", "class"]];
const WEIGHT: ExpressionSpecification = ["match", KIND, LARGE, 3, MIDDLE, 2, 1];
const IS_AREA: ExpressionSpecification = ["==", ["geometry-type"], "Polygon"];
const IS_GREEN: ExpressionSpecification = ["in", KIND, ["literal", GREENS]];

/** Letters in the fonts of the app. */
const NAME = {
  "text-field": ["get", "name"] satisfies ExpressionSpecification,
  "text-font": ["Inter Variable", "system-ui", "sans-serif"],
};

type Layers = ReadonlySet<string>;

/** Return the style of a map of the server that has these layers. */
export function vectorStyle(url: string, layers: Layers, scheme: Scheme): StyleSpecification {
  const colours = scheme === "dark" ? DARK : LIGHT;
  const ocean = layers.has("earth") ? colours.water : colours.land; // Protomaps draws the land
  return {
    ...plainStyle(scheme),
    sources: { ground: { type: "vector", url } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": ocean } },
      ...areas(layers, colours),
      ...roads(layers, colours),
      ...borders(layers, colours),
      ...names(layers, colours),
    ],
  };
}

/** Return those of the names that a map has layers of. */
function known(layers: Layers, names: readonly string[]): string[] {
  return names.filter((name) => layers.has(name));
}

const from = (name: string) => ({ source: "ground", "source-layer": name });

function areas(layers: Layers, { land, water, green, building }: Palette): LayerSpecification[] {
  const fill = (colour: string, filter: ExpressionSpecification) => (name: string) =>
    ({
      id: `area-${name}`,
      type: "fill",
      ...from(name),
      filter,
      paint: { "fill-color": colour },
    }) satisfies LayerSpecification;
  return [
    ...known(layers, ["earth"]).map(fill(land, IS_AREA)),
    ...known(layers, GREEN).map(fill(green, ["all", IS_AREA, IS_GREEN])),
    ...known(layers, ["water"]).map(fill(water, IS_AREA)),
    ...known(layers, BUILDINGS).map(fill(building, IS_AREA)),
  ];
}

function roads(layers: Layers, { road, casing }: Palette): LayerSpecification[] {
  const line = (id: string, colour: string, more: number) => (name: string) =>
    ({
      id: `${id}-${name}`,
      type: "line",
      ...from(name),
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colour, "line-width": widthOf(more) },
    }) satisfies LayerSpecification;
  const found = known(layers, ROADS);
  return [...found.map(line("casing", casing, 1)), ...found.map(line("road", road, 0))];
}

/** Return how wide roads are at each zoom, and how much more for what is beneath them. */
function widthOf(more: number): ExpressionSpecification {
  const far: ExpressionSpecification = ["*", 0.25, WEIGHT];
  const middle: ExpressionSpecification = ["+", more, ["*", 0.8, WEIGHT]];
  const near: ExpressionSpecification = ["+", 2 * more, ["*", 6, WEIGHT]];
  return ["interpolate", ["exponential", 1.6], ["zoom"], 6, far, 12, middle, 18, near];
}

function borders(layers: Layers, { border }: Palette): LayerSpecification[] {
  return known(layers, BORDERS).map((name) => ({
    id: `border-${name}`,
    type: "line",
    ...from(name),
    paint: { "line-color": border, "line-width": 0.8, "line-dasharray": [3, 2] },
  }));
}

function names(layers: Layers, { text, halo }: Palette): LayerSpecification[] {
  const paint = { "text-color": text, "text-halo-color": halo, "text-halo-width": 1.2 };
  const streets = layers.has("transportation_name") ? ["transportation_name"] : ["roads"];
  return [
    ...known(layers, streets).map(
      (name): LayerSpecification => ({
        id: `street-${name}`,
        type: "symbol",
        ...from(name),
        minzoom: 13,
        layout: { ...NAME, "symbol-placement": "line", "text-size": 11 },
        paint,
      }),
    ),
    ...known(layers, PLACES).map(
      (name): LayerSpecification => ({
        id: `place-${name}`,
        type: "symbol",
        ...from(name),
        layout: { ...NAME, "text-size": ["interpolate", ["linear"], ["zoom"], 4, 11, 12, 15] },
        paint,
      }),
    ),
  ];
}
