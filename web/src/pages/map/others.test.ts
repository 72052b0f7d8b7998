import { describe, expect, it } from "vitest";
import type { GroupMember } from "../../data/groups";
import type { ListedVehicle } from "../../data/live/types";
import { othersOf } from "./others";

const MEMBER: GroupMember = {
  vehicle_id: "FRIEND",
  is_mine: false,
  soc: 50,
  latitude: 51,
  longitude: 8,
  altitude: null,
  direction: 180,
  speed: 0,
  has_fix: true,
  is_stale: false,
};

const listed = (latitude: number | null) =>
  ({ state: { groups: { location: { latitude, longitude: 7, direction: 0, is_stale: true, hdop: null, has_fix: true } } } }) as unknown as ListedVehicle; // biome-ignore format: a fixture

const group = (...members: Partial<GroupMember>[]) => [
  { name: "CLUB", members: members.map((each) => ({ ...MEMBER, ...each })) },
];

describe("othersOf", () => {
  it("has one's own cars and those of the group, without the one whose map it is", () => {
    const mine = new Map([["MINE", listed(50)], ["SHOWN", listed(50)]]); // biome-ignore format: a table
    const others = othersOf("SHOWN", mine, group({}, { vehicle_id: "SHOWN" }));
    expect(others.map(({ id, isMine, isOld }) => [id, isMine, isOld])).toEqual([
      ["MINE", true, true],
      ["FRIEND", false, false],
    ]);
  });

  it("has a car once that is one's own and in a group", () => {
    const mine = new Map([["FRIEND", listed(50)]]);
    expect(othersOf("SHOWN", mine, group({}))).toMatchObject([{ isMine: true }]);
  });

  it("leaves out who is nowhere", () => {
    const mine = new Map([["MINE", listed(null)]]);
    expect(othersOf("SHOWN", mine, group({ latitude: null }))).toEqual([]);
  });
});
