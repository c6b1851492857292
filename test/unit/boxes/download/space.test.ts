import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatBytes, requireSpace } from "../../../../src/boxes/download/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("requireSpace", () => {
  it("is content with what there is, also for a folder that is not there yet", async () => {
    await using home = await tempHome();
    await requireSpace(join(home.folder, "a/b/c"), 1000, "a test");
  });

  it("names what is needed and what is free", async () => {
    await using home = await tempHome();
    await expect(requireSpace(home.folder, 2 ** 50, "a test")).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringMatching(/^a test needs 1024 TiB, and only [\d.]+ \w+ are free in /),
    });
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [1536, "1.5 KiB"],
    [10 * 1024 ** 2, "10 MiB"],
    [2.25 * 1024 ** 3, "2.3 GiB"],
  ])("%i is %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
