import { Button, Input, Overlay, Timeline, UnstyledButton } from "@mantine/core";
import { expect, test } from "vitest";
import { mantineStyles } from "../scripts/mantineStyles.mjs";

const { load } = mantineStyles();
const styles =
  typeof load === "function" ? String(load.call({} as never, "virtual:mantine.css")) : "";

const placeOf = ({ classes }: { classes: Record<string, string> }) =>
  styles.indexOf(`.${classes.root ?? classes.wrapper}`);

test("the styles are those of what the pages use, and of what that is made of", () => {
  for (const part of [Button, Input, Overlay]) expect(placeOf(part)).toBeGreaterThan(0);
  expect(placeOf(Timeline)).toBe(-1);
});

test("a part comes before what is made of it, which may change its styles", () => {
  expect(placeOf(UnstyledButton)).toBeLessThan(placeOf(Button));
});
