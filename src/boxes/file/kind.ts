import { stat } from "node:fs/promises";
import { start } from "../../system/index.ts";
import { isQcow2, readHead } from "../disk/index.ts";
import { isImageArchive } from "../image/index.ts";
import { refuseForeign, unknownFile } from "./foreign.ts";

/** What a file is, by its content. */
export type FileKind =
  /** A catalog of Vagrant boxes. */
  | "catalog"
  /** A Vagrant box. */
  | "box"
  /** A root file system. */
  | "tarball"
  /** `docker save`'s, or an OCI layout in a tar: for `openArchive` of the images. */
  | "image"
  | "qcow2"
  | "raw"
  /** A disk image, compressed as a whole. */
  | "packed-disk";

const HEAD_BYTES = 64 << 10;
/** Compressed by what; the programs write to stdout. */
const PACKED: readonly [magic: Buffer, program: readonly string[]][] = [
  [Buffer.from([0x1f, 0x8b]), ["gzip", "--decompress", "--stdout"]],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), ["xz", "--decompress", "--stdout"]],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), ["zstd", "--decompress", "--stdout"]],
  [Buffer.from("BZh"), ["bzip2", "--decompress", "--stdout"]],
];
/** A box has a handful of members; a root file system has more than this. */
const MOST_BOX_MEMBERS = 64;

/**
 * What a file is. Its name does not count: servers and people name files as they like.
 * @throws BothyError `BOX_INVALID` for what is nothing of all that, with what it seems to be.
 */
export async function fileKind(path: string, title: string): Promise<FileKind> {
  if (!(await stat(path)).isFile()) throw unknownFile(title, "it is no regular file");
  const head = await readHead(path, HEAD_BYTES);
  if (head.length === 0) throw unknownFile(title, "it is empty");
  refuseForeign(head, title);
  if (/^\s*\{/.test(head.toString("latin1", 0, 64))) return "catalog";
  if (isQcow2(head)) return "qcow2";
  if (unpacker(head)) return packedKind(path, title);
  if (isTar(head)) return tarKind(path);
  if (isDisk(head)) return "raw";
  throw unknownFile(title, "its content is none of these");
}

/** The program that unpacks a file with this head; its input is the file. */
export function unpacker(head: Buffer): readonly string[] | undefined {
  return PACKED.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1];
}

async function packedKind(path: string, title: string): Promise<FileKind> {
  const argv = unpacker(await readHead(path, HEAD_BYTES)) ?? [];
  const head = await firstBytes([...argv, path], HEAD_BYTES);
  if (isTar(head)) return tarKind(path);
  refuseForeign(head, title);
  if (isQcow2(head) || isDisk(head)) return "packed-disk";
  throw unknownFile(title, "what is packed in it is none of these");
}

/** The first names of the archive tell; boxes with their metadata last are read to the end, as they are short of names. */
async function tarKind(path: string): Promise<FileKind> {
  if (await isImageArchive(path)) return "image"; // also where the documents follow many layers
  const listing = ["tar", "--list", "--force-local", "--quoting-style=escape", "--file", path];
  let count = 0;
  for await (const name of linesOf(listing)) {
    const member = name.replace(/^(?:\.\/+)+/, "");
    if (member === "metadata.json") return "box";
    if (member === "oci-layout" || member === "manifest.json") return "image";
    if (++count > MOST_BOX_MEMBERS) return "tarball";
  }
  return count > 0 && (await looksLikeBox(path)) ? "box" : "tarball";
}

/** A box without metadata is told what it lacks, rather than taken for a root file system. */
async function looksLikeBox(path: string): Promise<boolean> {
  const names: string[] = [];
  for await (const name of linesOf(["tar", "--list", "--force-local", "--file", path])) names.push(name);
  return names.some((name) => /^(?:\.\/)?(?:Vagrantfile|box(?:_\d+)?\.img|rootfs\.tar\.gz)$/.test(name));
}

function isTar(head: Buffer): boolean {
  if (head.toString("latin1", 257, 262) === "ustar") return true;
  const sum = Number.parseInt(head.toString("latin1", 148, 156), 8);
  if (head.length < 512 || Number.isNaN(sum) || head[0] === 0) return false;
  const bytes = head.subarray(0, 512).map((byte, at) => (at >= 148 && at < 156 ? 0x20 : byte));
  return bytes.reduce((total, byte) => total + byte, 0) === sum; // as tars were before 1988
}

/** A partition table, or a file system that spans the disk. */
function isDisk(head: Buffer): boolean {
  const is = (at: number, text: string) => head.toString("latin1", at, at + text.length) === text;
  const isTable = head.length >= 512 && head.readUInt16LE(510) === 0xaa55;
  const isExt = head.length > 1082 && head.readUInt16LE(1080) === 0xef53;
  return isTable || isExt || is(0, "XFSB") || is(0, "LUKS") || is(512, "LABELONE") || is(512, "EFI PART");
}

async function firstBytes(argv: readonly string[], length: number): Promise<Buffer> {
  const child = start(argv, { stdio: ["ignore", "pipe", "ignore"] });
  child.on("error", () => {}); // no such program: nothing is recognised, and tar says more
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of child.stdout ?? []) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= length) break; // ends the program: its pipe is closed
  }
  return Buffer.concat(chunks).subarray(0, length);
}

async function* linesOf(argv: readonly string[]): AsyncGenerator<string> {
  const child = start(argv, { stdio: ["ignore", "pipe", "ignore"] });
  child.on("error", () => {});
  let partial = "";
  for await (const chunk of child.stdout ?? []) {
    const lines = (partial + (chunk as Buffer).toString("latin1")).split("\n");
    partial = lines.pop() ?? "";
    yield* lines;
  }
}
