import { describe, expect, it } from "vitest";
import { requireBuildTools } from "../../../src/boxes/build-tools.ts";

describe("requireBuildTools", () => {
  it("finds everything on a host that can build", () => expect(requireBuildTools()).resolves.toBeUndefined());

  it("can be interrupted", async () => {
    await expect(requireBuildTools(AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
