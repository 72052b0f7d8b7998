import { useMediaQuery } from "@mantine/hooks";

/** Return whether the window has so many pixels or more, at once and when it changes. */
export function useIsWide(pixels: number): boolean {
  return useMediaQuery(`(min-width: ${pixels}px)`, false, { getInitialValueInEffect: false });
}
