import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestContext, listContext } from "../../../../src/boxes/dockerfile/context.ts";
import { parseIgnoreRules } from "../../../../src/boxes/dockerfile/ignore.ts";
import { tempHome } from "../../../support/temp-home.ts";

const ALL = parseIgnoreRules("", "");

describe("digestContext", () => {
  it("changes with names, contents, permissions and links, not with times", async () => {
    await using home = await tempHome();
    const context = await home.sub("web");
    const at = (name: string) => join(context, name);
    const digests: string[] = [];
    const changed = async (change: Promise<unknown>) => {
      await change;
      digests.push(await digestContext(context, ALL));
      return new Set(digests).size === digests.length;
    };
    expect(await changed(writeFile(at("a"), "1"))).toBe(true);
    expect(await changed(writeFile(at("a"), "2"))).toBe(true);
    expect(await changed(chmod(at("a"), 0o755))).toBe(true);
    expect(await changed(rename(at("a"), at("b")))).toBe(true);
    expect(await changed(mkdir(at("empty")))).toBe(true);
    expect(await changed(symlink("nowhere", at("link")))).toBe(true);
    expect(await changed(rm(at("link")).then(() => symlink("elsewhere", at("link"))))).toBe(true);
    expect(await changed(utimes(at("b"), 1, 1))).toBe(false);
  });

  it("does not look at what is left out, nor at sockets, nor through links", async () => {
    await using home = await tempHome();
    const context = await home.sub("web");
    for (const folder of ["kept", "deep/keep", "deep/gone"])
      await mkdir(join(context, folder), { recursive: true });
    await symlink("/etc", join(context, "link"));
    const server = createServer().listen(join(context, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const rules = parseIgnoreRules("deep\n!deep/keep\n", "");
    expect(await listContext(context, rules)).toEqual(["deep/keep", "kept", "link"]);
    const before = await digestContext(context, rules);
    await writeFile(join(context, "deep/gone/file"), "x");
    expect(await digestContext(context, rules)).toBe(before);
    await new Promise((resolve) => server.close(resolve));
  });

  it("names what cannot be read, and ends when it is interrupted", async () => {
    await using home = await tempHome();
    await expect(digestContext(join(home.folder, "nosuch"), ALL)).rejects.toMatchObject({
      code: "DOCKERFILE_FAILED",
      message: expect.stringContaining("nosuch"),
    });
    await writeFile(join(await home.sub("web"), "a"), "1");
    await expect(digestContext(join(home.folder, "web"), ALL, AbortSignal.abort())).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
  });
});
