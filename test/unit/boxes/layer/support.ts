import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { BoxLayer } from "../../../../src/boxes/box.ts";
import { readAll } from "../../../../src/boxes/layer/erofs/data.ts";
import { names } from "../../../../src/boxes/layer/erofs/directory.ts";
import { ErofsImage } from "../../../../src/boxes/layer/erofs/image.ts";
import { deviceOf, type Inode, readInode, typeOf } from "../../../../src/boxes/layer/erofs/inode.ts";
import { readXattrs } from "../../../../src/boxes/layer/erofs/xattrs.ts";
import { importTar, type LayerOptions } from "../../../../src/boxes/layer/index.ts";
import type { Layout } from "../../../../src/system/index.ts";

/** One entry of a hand-made tar. */
export interface Entry {
  readonly name: string | Buffer;
  /** The type flag; default: a file. */
  readonly type?: string;
  readonly data?: string | Buffer;
  readonly link?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly pax?: Readonly<Record<string, string | Buffer>>;
  /** The size that the header tells, when it lies. */
  readonly size?: number;
  /** Last changes to the header, before its checksum. */
  readonly patch?: (block: Buffer) => void;
}

/** A tar with its end mark. */
export function tar(...entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.map(entryBytes), Buffer.alloc(1024)]);
}

export function entryBytes(entry: Entry): Buffer {
  const data = Buffer.from(entry.data ?? "");
  const pax = entry.pax ? [paxHeader("x", entry.pax)] : [];
  return Buffer.concat([...pax, header(entry, data.length), padded(data)]);
}

/** An extended header for the next entry (`x`) or for all (`g`). */
export function paxHeader(flag: "x" | "g", records: Readonly<Record<string, string | Buffer>>): Buffer {
  const body = Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`, "latin1"), Buffer.from(value), Buffer.from("\n")]);
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length++;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
  return Buffer.concat([header({ name: "pax", type: flag }, body.length), padded(body)]);
}

export function header(entry: Entry, size: number): Buffer {
  const block = Buffer.alloc(512);
  Buffer.from(entry.name).copy(block, 0, 0, 100);
  const octal = (value: number, at: number, width: number) =>
    block.write(value.toString(8).padStart(width, "0"), at, "latin1");
  octal(entry.mode ?? (entry.type === "5" ? 0o755 : 0o644), 100, 7);
  octal(entry.uid ?? 0, 108, 7);
  octal(entry.gid ?? 0, 116, 7);
  octal(entry.size ?? size, 124, 11);
  octal(entry.mtime ?? 1000, 136, 11);
  block.write(entry.type ?? "0", 156, "latin1");
  Buffer.from(entry.link ?? "").copy(block, 157, 0, 100);
  block.write("ustar\x0000", 257, "latin1");
  octal(entry.major ?? 0, 329, 7);
  octal(entry.minor ?? 0, 337, 7);
  entry.patch?.(block);
  sign(block);
  return block;
}

/** Puts the right checksum into a header. */
export function sign(block: Buffer): void {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** Imports bytes as a layer. */
export function importBytes(
  layout: Layout,
  bytes: Buffer,
  below: LayerOptions["below"] = [],
  more: { diffId?: string; signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<BoxLayer> {
  const { diffId, ...options } = more;
  const open = async () => Readable.from([bytes.subarray(0, 700), bytes.subarray(700)]);
  return importTar(layout, { title: "test.tar", diffId, open }, { below, ...options });
}

/** Everything of a layer as lines: `path type mode uid:gid time links [xattrs] content`. */
export async function listing(layout: Layout, layer: BoxLayer): Promise<Record<string, string>> {
  return listImage(layout.layer(layer.digest));
}

export async function listImage(path: string): Promise<Record<string, string>> {
  await using image = await ErofsImage.open(path);
  const found: Record<string, string> = {};
  const walk = async (at: string, inode: Inode) => {
    found[at === "" ? "." : at] = await describe(inode);
    if (typeOf(inode.mode) !== "directory") return;
    for await (const { name, nid } of names(inode)) {
      await walk(at === "" ? name : `${at}/${name}`, await readInode(image, nid));
    }
  };
  await walk("", await readInode(image, image.rootNid));
  return found;
}

async function describe(inode: Inode): Promise<string> {
  const type = typeOf(inode.mode);
  const xattrs = [...(await readXattrs(inode))].map(
    ([name, value]) => ` ${name}=${value.toString("latin1")}`,
  );
  const time = `${inode.seconds}${inode.nanoseconds ? `.${inode.nanoseconds}` : ""}`;
  const start = `${type} ${(inode.mode & 0o7777).toString(8)} ${inode.uid}:${inode.gid} ${time}${xattrs.join("")}`;
  if (type === "character" || type === "block") {
    const { major, minor } = deviceOf(inode);
    return `${start} ${major}:${minor}`;
  }
  if (type !== "file" && type !== "symlink") return start;
  return `${start} ${inode.size > 1000 ? `${inode.size} bytes` : (await readAll(inode)).toString("latin1")}`;
}

/** Bytes that no compression makes smaller. */
export function noise(bytes: number): Buffer {
  return randomBytes(bytes);
}
