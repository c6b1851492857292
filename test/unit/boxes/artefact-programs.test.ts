import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeProgram, replaceString } from "../../../src/boxes/artefact-programs.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "programs-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("replaceString", () => {
  test("replaces a whole C string and moves nothing", async () => {
    const program = join(folder, "program");
    await writeFile(program, "x\0/usr/lib/sftp\0y\0");
    await replaceString(program, "/usr/lib/sftp", "/short");
    expect(await readFile(program, "latin1")).toBe("x\0/short\0\0\0\0\0\0\0\0y\0");
  });

  test.each([
    ["/longer/than/it", "no room"],
    ["/x", "not there"],
  ])("refuses %s: %s", async (text, why) => {
    const program = join(folder, "program");
    await writeFile(program, why === "no room" ? "/usr/lib\0" : "/usr/lib/more\0");
    await expect(replaceString(program, "/usr/lib", text)).rejects.toMatchObject({
      code: "BOX_BUILD_FAILED",
    });
  });
});

test("placeProgram says which package lacks what", async () => {
  await expect(
    placeProgram(folder, "busybox:/bin/busybox", join(folder, "out/busybox")),
  ).rejects.toMatchObject({
    message: "the package 'busybox' has no '/bin/busybox'",
  });
});
