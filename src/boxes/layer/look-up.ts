import type { Layout } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { readAll } from "./erofs/data.ts";
import { typeOf } from "./erofs/inode.ts";
import { MergedLayers } from "./merged.ts";
import type { Found } from "./types.ts";

/** What distributions start as process 1, most usual first. */
const INITS = ["/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd"];
/** More than any file that is read for its settings. */
const MOST_TEXT_BYTES = 16 << 20;

/**
 * What layers (bottom first) together have at an absolute path: through whiteouts and opaque directories, with symbolic
 * links followed inside the image. `undefined` when there is nothing.
 */
export async function lookUp(
  layout: Layout,
  layers: readonly BoxLayer[],
  path: string,
): Promise<Found | undefined> {
  await using merged = await MergedLayers.open(layout, layers);
  return await find(merged, path);
}

/**
 * The text of a file of the layers, found as by `lookUp`; `undefined` when there is no such file, or one of more than
 * 16 MiB.
 */
export async function readText(
  layout: Layout,
  layers: readonly BoxLayer[],
  path: string,
): Promise<string | undefined> {
  await using merged = await MergedLayers.open(layout, layers);
  const inode = (await merged.resolve(bytewise(path)))?.inode;
  if (!inode || typeOf(inode.mode) !== "file" || inode.size > MOST_TEXT_BYTES) return undefined;
  return (await readAll(inode)).toString("utf8");
}

/** The path of an init that can be executed, as most distributions for whole machines have one; else `undefined`. */
export async function findInit(layout: Layout, layers: readonly BoxLayer[]): Promise<string | undefined> {
  await using merged = await MergedLayers.open(layout, layers);
  for (const path of INITS) {
    const found = await find(merged, path);
    if (found?.type === "file" && (found.mode & 0o111) !== 0) return path;
  }
  return undefined;
}

async function find(merged: MergedLayers, path: string): Promise<Found | undefined> {
  const inode = (await merged.resolve(bytewise(path)))?.inode;
  if (!inode) return undefined;
  const type = typeOf(inode.mode);
  return {
    type: type === "file" || type === "directory" ? type : "other",
    mode: inode.mode & 0o7777,
    uid: inode.uid,
    gid: inode.gid,
  };
}

/** Inside this folder names have one character a byte. */
function bytewise(path: string): string {
  return Buffer.from(path, "utf8").toString("latin1");
}
