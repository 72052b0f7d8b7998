import { describe, expect, it } from "vitest";
import { parseAlert, parseVehicleError } from "./alerts";
import { fromLatin1 } from "./bytes";
import { isoTime } from "./facts";
import { moduleKind, opensCommands } from "./modules";
import { fixed, general, rounded } from "./numbers";
import { phaseOf } from "./phases";

describe("numbers are as Python writes them", () => {
  it.each([
    ["2", 2.5, 0],
    ["4", 3.5, 0],
    ["-2", -2.5, 0],
    ["0.12", 0.125, 2],
    ["0.38", 0.375, 2],
    ["0.1", 0.15, 1],
    ["1.000", 1, 3],
    ["1e+21", 1e21, 0],
  ])("%s is %d with %d places", (text, value, places) => {
    const expected = text.includes("e") ? BigInt(Number(text)).toString() : text;
    expect(fixed(value, places)).toBe(expected);
  });

  it.each([
    ["99", 99],
    ["99.5", 99.5],
    ["1.23457e+06", 1_234_567],
    ["999999", 999_999],
    ["0.0001", 0.0001],
    ["1e-05", 0.00001],
    ["-0.5", -0.5],
    ["1e+300", 1e300],
    ["0", 0],
  ])("%s in short", (text, value) => {
    expect(general(value)).toBe(text);
  });

  it("are rounded to the even one halfway", () => {
    expect([rounded(0.0005, 3), rounded(0.0625, 3), rounded(1e300, 3)]).toEqual([
      0.001, 0.062, 1e300,
    ]);
  });
});

describe("times", () => {
  it.each([
    [1_700_000_000, "2023-11-14T22:13:20.000Z"],
    [1_700_000_000.123, "2023-11-14T22:13:20.123Z"],
    [1_700_000_000.1239, "2023-11-14T22:13:20.123Z"],
    [0.001, "1970-01-01T00:00:00.001Z"],
    [253_402_300_799, "9999-12-31T23:59:59.000Z"],
    [253_402_300_800, null],
    [0, null],
    [-1, null],
    [Number.NaN, null],
  ])("%d is %s", (time, text) => {
    expect(isoTime(time)).toBe(text);
  });
});

describe("modules", () => {
  it.each([
    ["PIC", "3.1.4/TR2.0/V2/1,VIN", true],
    ["PIC", "2.6.5/VA1.2.3/V1/0", true],
    ["ESP32", "3.3.004/ota_0/main,VIN", false],
    ["ESP32", "", false],
    ["ours", "1.0.0,VIN,,0,TR,,-1,-1,ovms car", true],
  ])("%s: %s", (kind, firmware, opens) => {
    const found = moduleKind(fromLatin1(firmware));
    expect(found).toBe(kind);
    expect(opensCommands(found)).toBe(opens);
  });

  it("one that has not said its firmware counts as an ESP32", () => {
    expect(moduleKind(null)).toBe("ESP32");
  });
});

describe("phases", () => {
  it.each([
    ["D", "137,8,4", "136"],
    ["D", "0", "0"],
    ["D", "", null],
    ["D", "-1,8", null],
    ["D", "1000", null],
    ["S", "80,K,0,0,charging,x", "charging"],
    ["S", "80,K", null],
    ["L", "1,2", null],
  ])("%s%s is %s", (code, data, phase) => {
    expect(phaseOf(code, fromLatin1(data))).toBe(phase);
  });
});

describe("alerts", () => {
  it.each([
    ["ACharge stopped", "alert", "Charge stopped"],
    ["IHello\rworld", "information", "Hello\rworld"],
    ["EVA,12,34", "error", "VA,12,34"],
    ["X?", "X", "?"],
    ["A", "alert", ""],
    ["\u00ff!", "\u00ff", "!"],
  ])("%j is %s: %j", (data, kind, text) => {
    expect(parseAlert(fromLatin1(data))).toEqual({ kind, text });
  });

  it("may be empty, which is none", () => {
    expect(parseAlert(fromLatin1(""))).toBeNull();
  });

  it("of a car's error have its code", () => {
    expect(parseVehicleError("VA,12,3,4")).toEqual({ vehicleType: "VA", code: 12, data: "3,4" });
    expect(parseVehicleError("VA,12")).toEqual({ vehicleType: "VA", code: 12, data: "" });
    expect(parseVehicleError("VA,x")).toBeNull();
  });
});
