import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildDockerfile } from "../../../../src/boxes/dockerfile/build.ts";
import { openBuildah } from "../../../../src/boxes/dockerfile/buildah.ts";
import { openBuiltImage } from "../../../../src/boxes/dockerfile/built-image.ts";
import { keepSteps, pruneBuildCache, tidyCache } from "../../../../src/boxes/dockerfile/cache.ts";
import { NO_REGISTRIES } from "../../../../src/boxes/dockerfile/registries.ts";
import { mountsBelow, tempHome } from "../../../support/temp-home.ts";

/** Makes an image with one file in it; returns its id. */
async function makeImage(
  home: { sub(name: string): Promise<string> },
  buildah: Awaited<ReturnType<typeof openBuildah>>,
) {
  const context = await home.sub("web");
  await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY file /file\n");
  await writeFile(join(context, "file"), "content");
  const { stdout } = await buildah.run([
    "build",
    "--quiet",
    "--isolation",
    "chroot",
    "--format",
    "docker",
    context,
  ]);
  return stdout.trim().slice(-64);
}

describe("buildah", () => {
  it("works in a storage of its own and leaves no mount", async () => {
    await using home = await tempHome();
    const scratch = await home.sub("scratch");
    const buildah = await openBuildah(home.layout, scratch, NO_REGISTRIES);
    const id = await makeImage(home, buildah);
    const { stdout } = await buildah.run(["images", "--all", "--quiet", "--no-trunc"]);
    expect(stdout.trim()).toBe(`sha256:${id}`);
    expect(await mountsBelow(home.folder)).toEqual([]);
    await expect(buildah.run(["inspect", "nosuch"])).rejects.toMatchObject({ code: "COMMAND_FAILED" });

    await using image = await openBuiltImage(home.layout, buildah, id, "web/Dockerfile");
    expect(image).toMatchObject({ reference: "web/Dockerfile", config: { os: "linux" } });
    const [layer] = image.layers;
    if (!layer) throw new Error("no layer");
    const [one, two] = await Promise.all([image.blob(layer), image.blob(layer)]);
    expect(two).toBe(one);
    await rm(one);
    expect((await readFile(await image.blob(layer))).includes("content")).toBe(true);

    await keepSteps(home.layout, "web", [id]);
    await tidyCache(home.layout, buildah);
    expect((await buildah.run(["images", "--all", "--quiet"])).stdout).not.toBe("");
    await tidyCache(home.layout, buildah, { box: "web", steps: [], text: "" });
    expect((await buildah.run(["images", "--all", "--quiet"])).stdout).toBe("");
  });
});

describe("pruneBuildCache", () => {
  it("removes all of it when no box was built, and does nothing where there is none", async () => {
    await using home = await tempHome();
    await pruneBuildCache(home.layout);
    expect(await readdir(home.layout.home)).toEqual([]);
    await mkdir(join(home.layout.home, "buildah/storage"), { recursive: true });
    await writeFile(join(home.layout.home, "buildah/builds.json"), "damaged");
    await pruneBuildCache(home.layout);
    expect(await readdir(home.layout.home)).not.toContain("buildah");
  });
});

describe("buildDockerfile", () => {
  it("touches nothing when the Dockerfile is wrong or the build is interrupted", async () => {
    await using home = await tempHome();
    const context = await home.sub("web");
    await writeFile(join(context, "Dockerfile"), "NOTHING\n");
    await expect(buildDockerfile(home.layout, { context })).rejects.toMatchObject({
      code: "DOCKERFILE_FAILED",
    });
    await writeFile(join(context, "Dockerfile"), "FROM scratch\n");
    const signal = AbortSignal.abort();
    await expect(buildDockerfile(home.layout, { context }, { signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(await readdir(home.layout.home)).not.toContain("boxes");
  });
});
