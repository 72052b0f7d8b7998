import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** The green of charge: the one accent. */
const charge: MantineColorsTuple = [
  "#e8f8f0",
  "#d3efe1",
  "#a5dfc3",
  "#73cea3",
  "#4abf88",
  "#2fb676",
  "#1a9f63",
  "#0f7a4d",
  "#0b6741",
  "#045536",
];

/** Neutrals of the dark scheme, a little less blue than Mantine's. */
const dark: MantineColorsTuple = [
  "#d5d7d9",
  "#a9adb0",
  "#8d9296",
  "#5f656a",
  "#3c4145",
  "#2d3135",
  "#222629",
  "#16181a",
  "#101213",
  "#0a0b0c",
];

export const theme = createTheme({
  colors: { charge, dark },
  primaryColor: "charge",
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  headings: { fontFamily: '"Inter Variable", system-ui, sans-serif', fontWeight: "650" },
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
});
