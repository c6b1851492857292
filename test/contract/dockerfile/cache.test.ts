import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pruneBuildCache } from "../../../src/boxes/dockerfile/index.ts";
import { run } from "../../../src/system/index.ts";
import { openWorkshop, TOOLS, type Workshop } from "./workshop.ts";

/** The images in buildah's storage, those of single steps included. */
async function cachedImages(shop: Workshop): Promise<string[]> {
  const folder = join(shop.home.layout.home, "buildah/storage/overlay-images");
  return (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
}

test.concurrent("the cache holds what the last builds used and no more", async () => {
  await using shop = await openWorkshop({
    Dockerfile: `${TOOLS}FROM tools\nRUN echo 1 > /one\nRUN echo 2 > /two\n`,
  });
  await shop.build();
  expect(await cachedImages(shop)).toHaveLength(3);
  const { box } = await shop.build({ target: "tools" });
  await shop.write({ Dockerfile: `${TOOLS}FROM tools\nRUN echo changed > /one\n` });
  await shop.build();
  expect(await cachedImages(shop)).toHaveLength(2);
  await shop.write({
    Dockerfile: `${TOOLS}FROM tools\nRUN echo changed > /one\nRUN echo 3 > /three\nRUN false\n`,
  });
  await expect(shop.build()).rejects.toMatchObject({ code: "DOCKERFILE_FAILED" });
  await shop.build({ target: "tools", args: { ANOTHER: "build" } });
  expect(await cachedImages(shop)).toHaveLength(3); // a failed build's steps wait for the next try
  await rm(shop.home.layout.box(box.name));
  await pruneBuildCache(shop.home.layout);
  expect(await cachedImages(shop)).toHaveLength(3);
  await pruneBuildCache(shop.home.layout, { all: true });
  expect(await readdir(shop.home.layout.home)).not.toContain("buildah");
  expect((await shop.build({ target: "tools" })).built).toBe(true);
});

test.concurrent("where overlayfs cannot be mounted the file systems are copied", async () => {
  await using shop = await openWorkshop({
    Dockerfile: `${TOOLS}FROM tools AS one\nRUN echo 1 > /one\nFROM tools\nCOPY --from=one /one /one\nCOPY --from=tools /bin/sh /two\n`,
  });
  const home = shop.home.layout.home;
  const folders = await Promise.all(["upper", "work"].map((name) => shop.home.sub(name)));
  const options = `lowerdir=${home},upperdir=${folders[0]},workdir=${folders[1]}`;
  await mkdir(home, { recursive: true });
  await run(["mount", "-t", "overlay", "overlay", "-o", options, home]);
  try {
    const { read } = await shop.build();
    expect(await read("/one")).toBe("1\n");
    expect(await readdir(join(home, "buildah/storage"))).toContain("vfs");
  } finally {
    await run(["umount", home]);
  }
});

test.concurrent("a killed build's remains are gone after the next", async () => {
  await using shop = await openWorkshop({ Dockerfile: `${TOOLS}FROM tools\nRUN echo 1 > /one\n` });
  await shop.build();
  const storage = join(shop.home.layout.home, "buildah/storage");
  const left = [
    "--root",
    storage,
    "--runroot",
    join(shop.home.layout.run, "buildah"),
    "--storage-driver",
    "overlay",
  ];
  const namespace = ["unshare", "--mount", "--propagation", "private"];
  await run([...namespace, "buildah", ...left, "from", "scratch"]);
  await mkdir(join(shop.home.layout.home, "buildah/tmp/buildah123"));
  await shop.write({ Dockerfile: `${TOOLS}FROM tools\nRUN echo 2 > /one\n` });
  await shop.build();
  expect(JSON.parse(await readFile(join(storage, "overlay-containers/containers.json"), "utf8"))).toEqual([]);
  expect(await readdir(join(shop.home.layout.home, "buildah/tmp"))).toEqual([]);
});
