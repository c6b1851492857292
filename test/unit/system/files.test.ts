import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  isExecutable,
  namesIn,
  readIfExists,
  removeTree,
  run,
  statIfExists,
  writeFileAtomic,
  writeJson,
} from "../../../src/system/index.ts";
import { sourceProgram } from "../../support/source-process.ts";
import { tempHome } from "../../support/temp-home.ts";

describe("writeFileAtomic", () => {
  it("replaces the content, with the mode that was asked for", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "file");
    await writeFile(path, "old");
    await writeFileAtomic(path, "new", 0o600);
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("leaves the old content or the new when it is killed at any moment", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "file");
    const size = 300_000;
    await writeFileAtomic(path, "a".repeat(size));
    const begin = await sourceProgram(
      home.folder,
      `import { writeFileAtomic } from "./src/system/files.ts";
       console.log("ready");
       for (let n = 0; ; n++) await writeFileAtomic(process.argv[2], "ab"[n % 2].repeat(${size}));`,
    );
    for (let round = 0; round < 8; round++) {
      await using child = begin(path);
      await child.line();
      await delay(5 + Math.random() * 60);
      child.kill("SIGKILL");
      await child.exited();
      const content = await readFile(path, "utf8");
      expect(content === "a".repeat(size) || content === "b".repeat(size)).toBe(true);
    }
  });

  it("keeps the old content and says so when the disk is full", async () => {
    await using home = await tempHome();
    const folder = await home.sub("small");
    await run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    try {
      const path = join(folder, "state.json");
      await writeFileAtomic(path, "old");
      const attempt = writeFileAtomic(path, "x".repeat(1 << 20));
      await expect(attempt).rejects.toMatchObject({
        code: "DISK_FULL",
        message: `no space left while writing ${path}`,
        hints: [`df -h ${folder}`, expect.stringContaining("bothy gc")],
      });
      expect(await readFile(path, "utf8")).toBe("old");
      expect(await readdir(folder)).toEqual(["state.json"]);
    } finally {
      await run(["umount", folder]);
    }
  });

  it("leaves nothing beside a target that cannot be replaced", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "is-a-folder");
    await mkdir(path);
    await expect(writeFileAtomic(path, "text")).rejects.toThrow();
    expect(await readdir(home.folder)).toEqual(["home", "is-a-folder"]);
  });

  it("writes JSON that ends with a line", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "state.json");
    await writeJson(path, { a: [1] });
    expect(await readFile(path, "utf8")).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });
});

describe("reading what may not be there", () => {
  it("is undefined for nothing, also below a file", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file"), "text");
    const paths = [join(home.folder, "none"), join(home.folder, "file", "below")];
    expect(await Promise.all(paths.map(readIfExists))).toEqual([undefined, undefined]);
    expect(await Promise.all(paths.map(statIfExists))).toEqual([undefined, undefined]);
    expect(await readIfExists(join(home.folder, "file"))).toBe("text");
  });

  it("fails for what is there and cannot be read", async () => {
    await using home = await tempHome();
    await expect(readIfExists(home.folder)).rejects.toThrow("EISDIR");
  });

  it("knows a program from a file", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "file");
    await writeFile(path, "");
    expect(await isExecutable(path)).toBe(false);
    await chmod(path, 0o755);
    expect(await isExecutable(path)).toBe(true);
    expect(await isExecutable(`${path}-none`)).toBe(false);
  });
});

describe("removeTree", () => {
  it("removes a tree, and nothing there is no error", async () => {
    await using home = await tempHome();
    const tree = await home.sub("machines/0123");
    await writeFile(join(tree, "file"), "");
    await removeTree(tree, { within: join(home.folder, "machines") });
    await removeTree(tree, { within: join(home.folder, "machines") });
    expect(await readdir(join(home.folder, "machines"))).toEqual([]);
  });

  it.each([
    ["the folder itself", "machines"],
    ["a way out of it", "machines/../projects"],
    ["a sibling with the same beginning", "machines-of-others"],
    ["the root", "/"],
    ["nothing (the current folder)", ""],
  ])("refuses %s", async (_, path) => {
    await using home = await tempHome();
    for (const name of ["machines", "projects", "machines-of-others"]) await home.sub(name);
    const target = path === "/" || path === "" ? path : join(home.folder, path);
    await expect(removeTree(target, { within: join(home.folder, "machines") })).rejects.toThrow(
      "is not inside",
    );
    expect(await readdir(home.folder)).toEqual(["home", "machines", "machines-of-others", "projects"]);
  });

  it("removes a link and not what it points to", async () => {
    await using home = await tempHome();
    const [inside, outside] = [await home.sub("machines/0123"), await home.sub("precious")];
    await writeFile(join(outside, "file"), "");
    await symlink(outside, join(inside, "link"));
    await removeTree(inside, { within: join(home.folder, "machines") });
    expect(await readdir(outside)).toEqual(["file"]);
  });
});

describe("namesIn", () => {
  it("lists a folder, and nothing where there is none", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file"), "");
    expect(await namesIn(home.folder)).toContain("file");
    expect(await namesIn(join(home.folder, "file"))).toEqual([]);
    expect(await namesIn(join(home.folder, "none"))).toEqual([]);
  });
});
