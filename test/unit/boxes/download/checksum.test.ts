import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Checksum, verifyFile } from "../../../../src/boxes/download/index.ts";
import { digestOf } from "../../../support/oci-layout.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("verifyFile", () => {
  it.each(["md5", "sha1", "sha256", "sha384", "sha512"] as const)("knows %s", async (algorithm) => {
    await using home = await tempHome();
    const path = join(home.folder, "file");
    await writeFile(path, "hello");
    const hex = digestOf("hello", algorithm)
      .slice(algorithm.length + 1)
      .toUpperCase();
    const checksum: Checksum = { algorithm, hex };
    await verifyFile(path, checksum);
    await writeFile(path, "other");
    await expect(verifyFile(path, checksum)).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringContaining(`${hex.toLowerCase()} was promised`),
    });
  });
});
