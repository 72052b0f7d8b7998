import { expect, test } from "vitest";
import { type Right, switchRight } from "./rights";

test.each<[Right[], Right, boolean, Right[]]>([
  [[], "pin", true, ["view", "command", "pin"]],
  [["view", "command", "pin"], "command", false, ["view"]],
  [["view", "location", "manage"], "view", false, []],
  [["view"], "location", true, ["view", "location"]],
])("of %j, %s switched to %s leaves %j", (rights, right, isOn, left) => {
  expect(switchRight(rights, right, isOn)).toEqual(left);
});
