import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findBox, findKernel, findTools, packTree, resolveLayers } from "../../src/boxes/index.ts";
import { ensureFolder, type Layout, run } from "../../src/system/index.ts";
import type { Images } from "./machine-spec.ts";

/** The store whose boxes and artefacts tests use; `npm test` builds them there. */
const SOURCE_STORE = process.env["BOTHY_TEST_STORE"] ?? "/var/lib/bothy";

/** Gives a store the images of the shared one: hard links, so that nothing is built or copied. */
export async function linkImages(home: string): Promise<void> {
  for (const name of ["boxes", "layers", "artefacts", "host.json"]) {
    const source = join(SOURCE_STORE, name);
    if (!existsSync(source)) throw new Error(`${source} is missing: \`bothy box build debian/12\` makes it`);
    await run(["cp", "-al", source, home]);
  }
}

/** The images for machines of a box of the store. */
export async function boxImages(layout: Layout, name: string): Promise<Images> {
  const box = await findBox(layout, name);
  if (!box) throw new Error(`the box is missing: \`bothy box build ${name}\` makes it`);
  const layers = await resolveLayers(layout, box);
  return { ...(await artefacts(layout)), layers, boxInit: box.init, user: box.user ?? "root" };
}

/** The images for machines of the smallest box there can be: links to our busybox, supervised by our init. */
export async function tinyImages(layout: Layout): Promise<Images> {
  return packedImages(layout, "bothy", async (folder) => {
    await ensureFolder(join(folder, "bin"));
    for (const name of ["dev", "etc", "home", "proc", "root", "run", "srv", "sys", "tmp", "usr", "var"]) {
      await mkdir(join(folder, name));
    }
    const programs = "cat echo false head hostname id pwd rm sh sleep sync test true uname";
    for (const name of programs.split(" ")) await symlink("/.bothy/bin/busybox", join(folder, "bin", name));
    await writeFile(join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    await writeFile(join(folder, "etc/group"), "root:x:0:\n");
  });
}

/** The images for machines of a box with a program and nothing else: no accounts, no shell, no mount points. */
export async function programImages(layout: Layout): Promise<Images> {
  return packedImages(layout, "root", async (folder) => {
    for (const name of ["srv", "etc"]) await mkdir(join(folder, name));
    await copyFile("/bin/busybox", join(folder, "srv/busybox"));
    await writeFile(join(folder, "etc/group"), "staff:x:50:\n");
  });
}

/** The same box under more layers, each with a file `/layers/NUMBER`, and one that all of them have. */
export async function manyLayers(layout: Layout, count: number): Promise<Images> {
  const base = await programImages(layout);
  const layers = [...base.layers];
  while (layers.length < count) {
    const number = String(layers.length);
    const [layer] = await packedLayer(layout, async (folder) => {
      await mkdir(join(folder, "layers"));
      for (const name of [number, "top"]) await writeFile(join(folder, "layers", name), number);
    });
    layers.push(layer);
  }
  return { ...base, layers };
}

/** The images for machines of a box of one layer, with what `fill` puts into its folder. */
async function packedImages(
  layout: Layout,
  user: string,
  fill: (folder: string) => Promise<void>,
): Promise<Images> {
  return { ...(await artefacts(layout)), layers: await packedLayer(layout, fill), user };
}

async function packedLayer(
  layout: Layout,
  fill: (folder: string) => Promise<void>,
): Promise<[Images["layers"][number]]> {
  const folder = join(layout.temporary(), `image-${randomBytes(4).toString("hex")}`);
  await ensureFolder(folder, 0o755);
  await fill(folder);
  const digest = await packTree(folder, `${folder}.erofs`);
  await ensureFolder(layout.layers());
  await rename(`${folder}.erofs`, layout.layer(digest));
  await rm(folder, { recursive: true });
  return [{ digest, path: layout.layer(digest) }];
}

async function artefacts(layout: Layout): Promise<Pick<Images, "tools" | "kernel">> {
  const [tools, kernel] = await Promise.all([findTools(layout), findKernel(layout)]);
  if (!tools || !kernel) throw new Error("the tools or the kernel are missing: `bothy box build debian/12`");
  return { tools, kernel };
}
