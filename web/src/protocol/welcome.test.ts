import { describe, expect, it } from "vitest";
import corpus from "../../../tests/corpus/welcomes.json?raw";
import { fromLatin1 } from "./bytes";
import { NotAWelcome } from "./errors";
import { isProvisioning, parseServerWelcome, writeOwnerWelcome, writeWelcome } from "./welcome";

interface Case {
  readonly comment: string;
  readonly by: "caller" | "server";
  readonly line: string;
  readonly written?: string;
  readonly error?: string;
  readonly reads?: { readonly type: string; readonly [name: string]: unknown };
}

const CASES: Case[] = JSON.parse(corpus).slice(1);
const FROM_SERVER = CASES.filter(({ by, reads }) => by === "server" && !isOfCar(reads?.type));

/** Auto-provisioning is for cars: a client passes over its lines, whatever is in them. */
function isOfCar(type = ""): boolean {
  return type.startsWith("Provision");
}

/**
 * A client says welcomes of apps and batch clients, without further words; it reads none. Its own
 * tokens are base64.
 */
const FROM_CLIENT = CASES.filter(({ reads }) => {
  if (reads === undefined || reads.words !== undefined) return false;
  const isOurs = typeof reads.token === "string" && /^[!-~]+$/.test(reads.token);
  return reads.type === "OwnerWelcome" || (reads.type === "CallerWelcome" && isOurs);
});

describe("the corpus of welcomes", () => {
  it.each(FROM_SERVER)("from the server: $comment", ({ line, reads, error }) => {
    const bytes = fromLatin1(line);
    if (error !== undefined) {
      expect(() => parseServerWelcome(bytes)).toThrow(NotAWelcome);
      return;
    }
    const welcome = parseServerWelcome(bytes);
    if (welcome.scheme === "0x30") {
      const { token, digest } = welcome;
      expect({ type: "ServerWelcome", token, digest }).toMatchObject(reads ?? {});
    } else {
      const { user, vehicleId: vehicle_id, vehicleIds: vehicle_ids } = welcome;
      const type = "OwnerServerWelcome";
      expect({ type, user, vehicle_id, vehicle_ids }).toEqual(reads);
    }
  });

  it.each(FROM_CLIENT)(
    "to the server: $comment",
    ({ line, written = line, reads = { type: "" } }) => {
      const told = (name: string) => String(reads[name] ?? "");
      const id = told("vehicle_id") || "TESTCAR";
      const ours =
        reads.type === "OwnerWelcome"
          ? writeOwnerWelcome("A", told("user"), told("password"), id)
          : writeWelcome("A", told("token"), told("digest") || "dig", id);
      const asClient = written.replace(/^MP-./, "MP-A");
      expect(ours).toBe(new TextDecoder().decode(fromLatin1(asClient)));
    },
  );

  it.each(CASES.filter(({ by, reads }) => by === "server" && isOfCar(reads?.type)))(
    "for cars: $comment",
    ({ line }) => {
      expect(isProvisioning(fromLatin1(line))).toBe(true);
    },
  );
});

it("an id in a server's welcome that is no UTF-8 reads as one that cannot exist", () => {
  expect(parseServerWelcome(fromLatin1("MP-S 1 me B\u00e4R"))).toMatchObject({
    vehicleId: "B\ufffdR",
    vehicleIds: [],
  });
});
