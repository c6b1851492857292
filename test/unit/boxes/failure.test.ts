import { describe, expect, it } from "vitest";
import { explainBuildFailure } from "../../../src/boxes/failure.ts";
import { BothyError } from "../../../src/errors.ts";
import { layout } from "../../../src/system/index.ts";
import { failedProgram } from "./support.ts";

const store = layout("/var/tmp");

describe("explainBuildFailure", () => {
  it("says what the builder said last", async () => {
    const error = await explainBuildFailure(failedProgram("I: a\nE: b"), "debian/12", store, undefined);
    expect(error).toMatchObject({
      code: "BOX_BUILD_FAILED",
      message: "building `debian/12` failed: I: a\nE: b",
    });
  });

  it("calls an abort an interruption, whatever broke because of it", async () => {
    const error = await explainBuildFailure(failedProgram("x"), "debian/12", store, AbortSignal.abort());
    expect(error).toMatchObject({ code: "INTERRUPTED", hints: ["bothy box build debian/12"] });
  });

  it("leaves an error alone that explains itself", async () => {
    const error = new BothyError("TOOL_MISSING", "no mmdebstrap");
    expect(await explainBuildFailure(error, "debian/12", store, undefined)).toBe(error);
  });
});
