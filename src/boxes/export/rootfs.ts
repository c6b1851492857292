import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { BothyError } from "../../errors.ts";
import { type Layout, missingTool, start } from "../../system/index.ts";
import type { LayerFile } from "../layers.ts";
import { layerSteps, MERGED, mounted } from "../mounted/index.ts";
import { treeTar } from "./tree-tar.ts";

/** How a tarball is packed. */
export type Packing = "none" | "gzip" | "zstd" | "xz";

/** What a root file system is written from and to. */
export interface RootfsRequest {
  readonly layout: Layout;
  readonly layers: readonly LayerFile[];
  readonly packing: Packing;
  readonly signal?: AbortSignal | undefined;
}

const PROGRAMS = { zstd: ["zstd", "-q", "-T0", "-c"], xz: ["xz", "-q", "-T0", "-c"] } as const;

/** Writes all layers merged as one tarball; the same box gives the same bytes. */
export async function writeRootfs({ layout, layers, packing, signal }: RootfsRequest, path: string) {
  await using mounts = await mounted(layout, layerSteps(layers), { signal });
  const tar = treeTar(join(mounts.folder, MERGED), signal);
  const file = createWriteStream(path, { flags: "wx" });
  const pack = packing === "none" || packing === "gzip" ? undefined : program(PROGRAMS[packing], signal);
  if (pack) {
    const fed = pipeline(tar.stream, pack.stdin, { signal });
    await Promise.all([fed, pipeline(pack.stdout, file, { signal }), tar.done, pack.done]);
    return;
  }
  const gzip = packing === "gzip" ? createGzip({ level: 6 }) : new PassThrough();
  await Promise.all([pipeline(tar.stream, gzip, file, { signal }), tar.done]);
}

function program(argv: readonly string[], signal: AbortSignal | undefined) {
  const child = start(argv, { stdio: ["pipe", "pipe", "pipe"], signal });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error(`${argv[0]} was started without pipes`);
  const said = text(stderr);
  const done = new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => reject(missingTool(argv[0] ?? "", cause)));
    child.once("close", async (code) => {
      if (code === 0) resolve();
      else reject(new BothyError("EXPORT_FAILED", `${argv[0]} failed: ${(await said).trim()}`));
    });
  });
  done.catch(() => {}); // told by whoever waits for it
  return { stdin, stdout, done };
}
