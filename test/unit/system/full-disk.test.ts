import { describe, expect, it } from "vitest";
import { explainFullDisk } from "../../../src/system/full-disk.ts";
import { failedProgram } from "../boxes/support.ts";

const path = "/var/tmp/image";

describe("explainFullDisk", () => {
  it("knows Node's error, the C library's words and apt's", async () => {
    const errno = Object.assign(new Error("write"), { code: "ENOSPC" });
    const failed = failedProgram("mkfs: write failed: No space left on device");
    const apt = failedProgram("E: You don't have enough free space in /var/cache/apt/archives/.");
    for (const error of [errno, failed, apt]) {
      expect(await explainFullDisk(error, path)).toMatchObject({
        code: "DISK_FULL",
        message: `no space left while writing ${path}`,
      });
    }
  });

  it("leaves every other failure as it is while there is room", async () => {
    const error = failedProgram("some other trouble");
    expect(await explainFullDisk(error, path)).toBe(error);
  });
});
