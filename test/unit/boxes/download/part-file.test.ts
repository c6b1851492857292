import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPartFile } from "../../../../src/boxes/download/part-file.ts";
import { digestOf } from "../../../support/oci-layout.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("openPartFile", () => {
  it("hashes what is there and what comes", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "file.part");
    await appendFile(path, "old ");
    await using part = await openPartFile(path, "sha256");
    expect([part.bytes, part.isOld]).toEqual([4, true]);
    await part.append(Buffer.from("new"));
    expect([part.bytes, `sha256:${part.digest()}`]).toEqual([7, digestOf("old new")]);
    await part.restart();
    expect([part.bytes, part.isOld, `sha256:${part.digest()}`]).toEqual([0, false, digestOf("")]);
    await part.append(Buffer.from("next"));
    expect(await readFile(path, "utf8")).toBe("next");
  });

  it("needs no digest", async () => {
    await using home = await tempHome();
    await using part = await openPartFile(join(home.folder, "file.part"), undefined);
    await part.append(Buffer.from("x"));
    await part.sync();
    expect([part.bytes, part.digest()]).toEqual([1, undefined]);
  });

  it("says when the disk is full", async () => {
    await using part = await openPartFile("/dev/full", undefined);
    await expect(part.append(Buffer.from("x"))).rejects.toMatchObject({ code: "DISK_FULL" });
  });
});
