import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildKernel, buildTools, packTree } from "../../../src/boxes/index.ts";
import { type Layout, layout, run } from "../../../src/system/index.ts";
import type { Images } from "../../support/machine-spec.ts";

/** The store whose kernel and tools are used; built there when they are missing. */
const SOURCE_STORE = process.env["BOTHY_TEST_STORE"] ?? "/var/lib/bothy";
const FOLDERS = ["bin", "etc", "dev", "proc", "sys", "run", "root", "srv", "home", "usr", "var"];

/** A box of busybox alone, packed into `store`, with the real kernel and tools. */
export async function tinyImages(store: Layout): Promise<Images> {
  const source = layout(SOURCE_STORE);
  const [kernel, tools, box] = await Promise.all([buildKernel(source), buildTools(source), packBox(store)]);
  return { kernel, tools, layers: [box], user: "bothy" };
}

async function packBox(store: Layout): Promise<Images["layers"][number]> {
  await mkdir(store.layers(), { recursive: true });
  const folder = await mkdtemp(join(store.home, "box-"));
  await makeBox(folder);
  const path = store.layer("tiny");
  const digest = await packTree(folder, path);
  await rm(folder, { recursive: true });
  return { digest, path };
}

async function makeBox(folder: string): Promise<void> {
  await run(["chmod", "755", folder]);
  for (const name of FOLDERS) await mkdir(join(folder, name));
  await mkdir(join(folder, "tmp"));
  await run(["chmod", "1777", join(folder, "tmp")]);
  await copyFile("/bin/busybox", join(folder, "bin/busybox"));
  const { stdout } = await run(["/bin/busybox", "--list"]);
  const applets = stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
  await Promise.all(applets.map((name) => symlink("busybox", join(folder, "bin", name))));
  await rm(join(folder, "bin/printenv"), { force: true }); // Debian's busybox has none
  await writeFile(join(folder, "bin/printenv"), '#!/bin/sh\neval "echo \\$$1"\n', { mode: 0o755 });
  await writeFile(join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  await writeFile(join(folder, "etc/group"), "root:x:0:\n");
}

/** The text of a machine's console so far. */
export async function consoleOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
