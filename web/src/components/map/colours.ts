// Colours on the map. MapLibre cannot read those of the style sheet. Pure.

export type Scheme = "light" | "dark";

/** What is drawn over the ground, and the ground of whoever has no tiles. */
export interface MapColours {
  ground: string;
  grid: string;
  track: string;
  /** Beneath the track, so that it stands out from any ground. */
  halo: string;
  place: string;
  /** Of letters on the halo's colour. */
  text: string;
  accuracy: string;
}

const LIGHT: MapColours = {
  ground: "#f1f3f2",
  grid: "#d5dad7",
  track: "#0f7a4d",
  halo: "#ffffff",
  place: "#4b6ea8",
  text: "#3a4045",
  accuracy: "#0f7a4d",
};

const DARK: MapColours = {
  ground: "#1b1e20",
  grid: "#31363a",
  track: "#2fb676",
  halo: "#0a0b0c",
  place: "#8fb0e8",
  text: "#c9cdd0",
  accuracy: "#2fb676",
};

export function coloursOf(scheme: Scheme): MapColours {
  return scheme === "dark" ? DARK : LIGHT;
}
