import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

/** The green of charge: the one accent. */
const charge: MantineColorsTuple = [
  "#e8f8f0",
  "#dcf3e7",
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

/** Red only for what needs a person; white text on its filled shades has 4.5:1, unlike on Mantine's. */
const red: MantineColorsTuple = [
  "#fff5f5",
  "#ffe3e3",
  "#ffc9c9",
  "#ffa8a8",
  "#ff8787",
  "#e03131",
  "#d42d2d",
  "#c92a2a",
  "#b02525",
  "#971f1f",
];

/** Mantine chooses the text on the accent for the light scheme alone; it has a variable for both. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colours = defaultVariantColorsResolver(input);
  const isAccent = (input.color ?? input.theme.primaryColor) === input.theme.primaryColor;
  return input.variant === "filled" && isAccent
    ? { ...colours, color: "var(--mantine-primary-color-contrast)" }
    : colours;
};

/** On dark Mantine takes the palest shades for text and outlines: nobody tells them from white. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {},
  dark: {
    "--mantine-color-charge-light-color": "var(--mantine-color-charge-3)",
    "--mantine-color-charge-outline": "var(--mantine-color-charge-4)",
    "--mantine-color-red-light-color": "var(--mantine-color-red-3)",
    "--mantine-color-red-outline": "var(--mantine-color-red-4)",
  },
});

export const theme = createTheme({
  colors: { charge, dark, red },
  variantColorResolver,
  components: {
    // A dialog's head is a <header>, which would be a second banner of the page.
    Modal: { defaultProps: { attributes: { header: { role: "presentation" } } } },
  },
  primaryColor: "charge",
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  headings: { fontFamily: '"Inter Variable", system-ui, sans-serif', fontWeight: "650" },
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
});
