import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unpackDisk } from "../../../../src/boxes/file/unpack-disk.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

test.each(["gzip", "xz", "zstd", "bzip2"])(
  "a disk that %s packed is unpacked, with its holes",
  async (tool) => {
    await using home = await tempHome();
    const [disk, packed, target] = ["disk", "packed", "out"].map((name) => join(home.folder, name)) as [
      ...[string, string, string],
    ];
    await run(["sh", "-c", `printf hello >${disk}; truncate -s 12M ${disk}; ${tool} -c ${disk} >${packed}`]);
    await unpackDisk(packed, "disk", target);
    await run(["cmp", disk, target]);
    expect((await stat(target)).blocks * 512).toBeLessThanOrEqual(1 << 20);
  },
);

test("a damaged one and an interrupted one leave nothing", async () => {
  await using home = await tempHome();
  const [disk, packed, target] = ["disk", "packed", "out"].map((name) => join(home.folder, name)) as [
    ...[string, string, string],
  ];
  await run([
    "sh",
    "-c",
    `head -c 3M /dev/urandom >${disk}; gzip -c ${disk} >${packed}; truncate -s 2M ${packed}`,
  ]);
  await expect(unpackDisk(packed, "disk", target)).rejects.toMatchObject({ code: "BOX_INVALID" });
  expect(existsSync(target)).toBe(false);
  const unpacking = unpackDisk(packed, "disk", target, AbortSignal.timeout(1));
  await expect(unpacking).rejects.toMatchObject({ code: expect.stringMatching(/INTERRUPTED|BOX_INVALID/) });
  const aborted = unpackDisk(packed, "disk", target, AbortSignal.abort());
  await expect(aborted).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(existsSync(target)).toBe(false);
});
