import { link, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOfFile } from "../../../src/boxes/digest.ts";
import { packTree } from "../../../src/boxes/index.ts";
import { run } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

/** The same tree, made in one order or the other. */
async function makeTree(folder: string, names: readonly string[]): Promise<string> {
  await mkdir(join(folder, "sub"), { recursive: true });
  for (const name of names) await writeFile(join(folder, "sub", name), name.repeat(5000));
  await link(join(folder, "sub", "a"), join(folder, "hard"));
  await symlink("sub/a", join(folder, "soft"));
  for (const name of ["sub/a", "sub/b", "sub/c", "sub", "."]) {
    await utimes(join(folder, name), 1_500_000_000, 1_500_000_000);
  }
  await run(["touch", "-h", "-d", "@1500000000", join(folder, "soft")]);
  return folder;
}

async function uuidOf(image: string): Promise<string> {
  const { stdout } = await run(["dump.erofs", "-s", image]);
  return /UUID: +(\S+)/.exec(stdout)?.[1] ?? "";
}

describe("packTree", () => {
  it("gives the same bytes for the same tree, made anew and in another order", async () => {
    await using home = await tempHome();
    const one = await makeTree(join(home.folder, "one"), ["a", "b", "c"]);
    const other = await makeTree(join(home.folder, "other"), ["c", "b", "a"]);
    const digests = [
      await packTree(one, join(home.folder, "1")),
      await packTree(other, join(home.folder, "2")),
    ];
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).toBe(await digestOfFile(join(home.folder, "1")));
    expect((await stat(join(home.folder, "1"))).mode & 0o777).toBe(0o444);
  });

  it("gives another content another digest and another UUID, and a sound file system", async () => {
    await using home = await tempHome();
    const tree = await makeTree(join(home.folder, "tree"), ["a", "b", "c"]);
    const [lz4, none] = [join(home.folder, "lz4"), join(home.folder, "none")];
    expect(await packTree(tree, lz4)).not.toBe(await packTree(tree, none, { compress: "none" }));
    expect(await uuidOf(lz4)).not.toBe(await uuidOf(none));
    expect(await uuidOf(lz4)).toMatch(/^\w{8}-\w{4}-4\w{3}-[89ab]\w{3}-\w{12}$/);
    await run(["fsck.erofs", lz4]);
    expect((await stat(lz4)).size).toBeLessThan((await stat(none)).size);
  });

  it("keeps mtimes and links, and makes newer mtimes the epoch", async () => {
    await using home = await tempHome();
    const tree = await makeTree(join(home.folder, "tree"), ["a", "b", "c"]);
    await utimes(join(tree, "sub/c"), 1_700_000_000, 1_700_000_000);
    const image = join(home.folder, "image");
    await packTree(tree, image, { epoch: 1_600_000_000 });
    const out = join(home.folder, "out");
    await run(["fsck.erofs", `--extract=${out}`, image]);
    const dump = await run(["dump.erofs", "--path=/sub/c", image]);
    expect(dump.stdout).toContain("2020-09-13 12:26:40");
    const older = await run(["dump.erofs", "--path=/sub/a", image]);
    expect(older.stdout).toMatch(/2017-07-14 02:40:00/);
    expect(older.stdout).toMatch(/Links: +2/);
    expect(await readFile(join(out, "soft"), "utf8")).toBe("a".repeat(5000));
  });

  it("leaves nothing when it fails or is interrupted", async () => {
    await using home = await tempHome();
    const target = join(home.folder, "image");
    await expect(packTree(join(home.folder, "missing"), target)).rejects.toMatchObject({
      code: "COMMAND_FAILED",
    });
    const signal = AbortSignal.abort();
    await expect(packTree(home.folder, target, { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await readdir(home.folder)).toEqual(["home"]);
  });
});
