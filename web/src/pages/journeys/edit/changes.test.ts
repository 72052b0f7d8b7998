import { expect, test } from "vitest";
import { changesOf, readNumber, wrongFields } from "./changes";

const FORM = { note: "", purpose: "", energy: "12.5", grid_energy: "14", cost: "3.50" } as const;

test("only what was changed is sent, and what was emptied is as reported again", () => {
  expect(changesOf(FORM, FORM)).toEqual({});
  expect(changesOf(FORM, { ...FORM, note: " To work ", purpose: "business" })).toEqual({
    note: "To work",
    purpose: "business",
  });
  expect(changesOf(FORM, { ...FORM, energy: "", cost: "4,20" })).toEqual({
    energy: null,
    cost: "4.2",
  });
});

test("numbers may have a comma or a point, and no sign or word", () => {
  expect(["1,5", "1.5", " 7 ", "0"].map(readNumber)).toEqual([1.5, 1.5, 7, 0]);
  expect(["", "-1", "1e3", "five", "1.000,5"].map(readNumber)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
  expect(wrongFields({ ...FORM, energy: "five", grid_energy: "" })).toEqual(["energy"]);
});
