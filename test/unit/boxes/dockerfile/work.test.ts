import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildArguments } from "../../../../src/boxes/dockerfile/arguments.ts";
import type { Buildah } from "../../../../src/boxes/dockerfile/buildah.ts";
import { NO_REGISTRIES } from "../../../../src/boxes/dockerfile/registries.ts";
import { dockerfileInputs, readWork } from "../../../../src/boxes/dockerfile/work.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("readWork", () => {
  it("has other inputs for another Dockerfile, arguments, target or file", async () => {
    await using home = await tempHome();
    const context = await home.sub("web");
    await writeFile(join(context, "Dockerfile"), "FROM a AS one\nFROM b AS two\n");
    await symlink(context, join(home.folder, "link"));
    const inputs = (more = {}) => dockerfileInputs(home.layout, { context, ...more });
    const first = await inputs();
    expect(await inputs({ args: {}, dockerfile: "Dockerfile" })).toBe(first);
    expect(await inputs({ context: join(home.folder, "link") })).toBe(first);
    const others = [await inputs({ target: "one" }), await inputs({ args: { A: "1" } })];
    await writeFile(join(context, ".dockerignore"), "Dockerfile\n.dockerignore\n");
    others.push(await inputs());
    await writeFile(join(context, "file"), "x");
    others.push(await inputs());
    await writeFile(join(context, "Dockerfile"), "FROM a AS one\nFROM c AS two\n");
    others.push(await inputs());
    expect(new Set([first, ...others]).size).toBe(6);
  });

  it("tells what is missing", async () => {
    await using home = await tempHome();
    const context = await home.sub("web");
    const read = (spec: { context: string }) => readWork(home.layout, spec, {});
    await expect(read({ context: join(context, "no") })).rejects.toThrow(
      `the build context ${context}/no does not exist`,
    );
    await expect(read({ context })).rejects.toMatchObject({ hints: [`ls ${context}`] });
    await writeFile(join(context, "Containerfile"), "FROM a\n");
    await expect(read({ context })).rejects.toMatchObject({
      code: "DOCKERFILE_FAILED",
      hints: ["`dockerfile: Containerfile` names the one that is there"],
    });
    await expect(read({ context: join(context, "Containerfile") })).rejects.toThrow("is no folder");
    await mkdir(join(context, "Dockerfile"));
    await expect(read({ context })).rejects.toMatchObject({ code: "DOCKERFILE_FAILED" });
  });
});

describe("buildArguments", () => {
  it("gives buildah the files in its own words", async () => {
    await using home = await tempHome();
    const context = await home.sub("web");
    await writeFile(join(context, "Dockerfile"), "\uFEFFFROM a AS One\nCOPY <<A /etc/\nx\nA\n");
    await writeFile(join(context, ".dockerignore"), "# no\n/a/../b/\n");
    const spec = { context, target: "one", args: { A: "1 2" } };
    const work = await readWork(home.layout, spec, { force: true });
    const scratch = await home.sub("scratch");
    const buildah = { driver: "overlay", scratch, policy: "/p" } as Buildah;
    const argv = await buildArguments(work, buildah, NO_REGISTRIES);
    expect(argv).toEqual(
      expect.arrayContaining(["--layers=true", "--no-cache", "--pull=always", "--build-arg=A=1 2"]),
    );
    expect(argv.slice(-3)).toEqual(["--target", "One", context]);
    expect(await readFile(join(scratch, "ignore"), "utf8")).toBe("b\n");
    const text = await readFile(join(scratch, "Dockerfile"), "utf8");
    const inline = /--from=(\S+) \/A \/etc\/\n$/.exec(text)?.[1] ?? "";
    expect(argv).toContain(`--build-context=${inline}=${join(scratch, inline)}`);
    expect(await readFile(join(scratch, inline, "A"), "utf8")).toBe("x\n");
    const copied = await buildArguments(
      { ...work, options: {} },
      { ...buildah, driver: "vfs" },
      NO_REGISTRIES,
    );
    expect(copied).toEqual(expect.arrayContaining(["--layers=false", "--pull=false"]));
  });
});
