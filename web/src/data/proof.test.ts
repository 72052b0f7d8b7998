import { expect, test, vi } from "vitest";
import { ApiError } from "./api";
import { askForProofBy, proven } from "./proof";

const NEEDED = new ApiError(403, "proof_needed", "Prove who you are");

test("a call that needs a proof is made again once there is one", async () => {
  const end = askForProofBy(async () => true);
  const make = vi.fn().mockRejectedValueOnce(NEEDED).mockResolvedValueOnce("done");
  expect(await proven(make)).toBe("done");
  expect(make).toHaveBeenCalledTimes(2);
  end();
});

test("without a proof the call fails as it did", async () => {
  const end = askForProofBy(async () => false);
  await expect(proven(() => Promise.reject(NEEDED))).rejects.toBe(NEEDED);
  end();
  await expect(proven(() => Promise.reject(NEEDED))).rejects.toBe(NEEDED);
});

test("another failure asks for nothing", async () => {
  const ask = vi.fn(async () => true);
  const end = askForProofBy(ask);
  const other = new ApiError(403, "not_owner", "Not yours");
  await expect(proven(() => Promise.reject(other))).rejects.toBe(other);
  expect(ask).not.toHaveBeenCalled();
  end();
});
