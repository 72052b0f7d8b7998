import { expect, test } from "vitest";
import {
  addressOf,
  bodyOf,
  type ProvisionFields,
  phoneBookOf,
  picRecordProblems,
} from "./provisionRecord";

const FIELDS: ProvisionFields = {
  vin: " 5YJRE1A12B3001234 ",
  iccid: "89852 0001111 2222333",
  server: "cars.example",
  apn: "internet",
  apnUser: "",
  apnPassword: " ",
  phone: "",
  phonePassword: "",
  units: "K",
  hasNewSecret: true,
};

const SERVER = {
  host: "cars.example",
  is_certain: true,
  port: 6867,
  tls_port: 6870,
  certificate: null,
};

test.each([
  ["cars.example", 6867, "cars.example"],
  ["cars.example", null, "cars.example"],
  ["cars.example", 7000, "cars.example:7000"],
  ["2001:db8::1", 7000, "[2001:db8::1]:7000"],
  [null, 6867, ""],
])("a server at %s with the port %s is %s for a module", (host, port, address) => {
  expect(addressOf({ ...SERVER, host, port })).toBe(address);
});

test("numbers may be typed in groups, and what is empty is not set", () => {
  expect(bodyOf(FIELDS)).toEqual({
    vin: "5YJRE1A12B3001234",
    iccid: "8985200011112222333",
    new_secret: true,
    server: "cars.example",
    phone: null,
    phone_password: null,
    units: "K",
    notifications: "SMSIP",
    apn: "internet",
    apn_user: null,
    apn_password: null,
    paranoid_password: null,
  });
});

test("a PIC has room for short records", () => {
  expect(picRecordProblems("CAR1", FIELDS)).toEqual([]);
  // "- - K SMSIP cars.example internet - - ID SECRET -": 47 beside the id and the secret's 22.
  expect(picRecordProblems("CAR1", { ...FIELDS, phone: "1".repeat(31) })).toEqual([]);
  const long = { ...FIELDS, phone: "1".repeat(31), phonePassword: "p".repeat(31) };
  expect(picRecordProblems("CAR1", long)).toEqual(["longRecord"]);
  expect(picRecordProblems("CAR1", { ...FIELDS, apn: "a".repeat(32) })).toEqual(["longWord"]);
  expect(picRecordProblems("CAR1", { ...FIELDS, server: "a.example:7000" })).toEqual(["otherPort"]);
});

test("a record that just fits a PIC", () => {
  const rest = 108 - "- - K SMSIP cars.example internet - - CAR1 ".length - 22 - " -".length;
  const phone = "1".repeat(rest + 1); // the place of its "-"
  expect(
    picRecordProblems("CAR1", {
      ...FIELDS,
      phone: phone.slice(0, 31),
      phonePassword: `${phone.slice(31)}p`,
    }),
  ).toEqual([]);
  expect(
    picRecordProblems("CAR1", {
      ...FIELDS,
      phone: phone.slice(0, 31),
      phonePassword: `${phone.slice(31)}pp`,
    }),
  ).toEqual(["longRecord"]);
});

test("the phone book has the server and the access point, unless a hyphen would cut them", () => {
  expect(phoneBookOf("cars.example", "internet")).toEqual([
    { name: "OVMS-AUTO", number: "199" },
    { name: "O-4-cars.example", number: "0" },
    { name: "O-5-internet", number: "0" },
  ]);
  expect(phoneBookOf("cars.example", "")).toHaveLength(2);
  expect(phoneBookOf("my-cars.example", "internet")).toBeNull();
});
