import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { takeTarget } from "../../../../src/boxes/download/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("takeTarget", () => {
  it("lets one in at a time, however many wait, and leaves no file", async () => {
    await using home = await tempHome();
    const target = join(home.folder, "file");
    let [inside, most] = [0, 0];
    const enter = async () => {
      await using _held = await takeTarget(target);
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 10));
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, enter));
    expect(most).toBe(1);
    expect(await readdir(home.folder)).toEqual(["home"]);
  });

  it("can be interrupted while it waits", async () => {
    await using home = await tempHome();
    const target = join(home.folder, "file");
    await using _held = await takeTarget(target);
    await expect(takeTarget(target, AbortSignal.timeout(50))).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
