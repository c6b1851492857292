import { open } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { buildBoxName } from "../boxes/dockerfile/index.ts";
import { type Box, boxNameOfImage, listRecipes, normaliseBoxName, readBox } from "../boxes/index.ts";
import { canonicalReference, parseReference } from "../boxes/registry/index.ts";
import { BothyError } from "../errors.ts";
import type { AddSource } from "./add-source.ts";
import type { Context } from "./context.ts";

/** Ends of names that say what a file is, not what it is called. */
const SUFFIX =
  /(?:\.(?:tar|box|qcow2|img|raw|ova|oci|docker|rootfs|squashfs|libvirt|lxc))*(?:\.(?:t?gz|zst|tzst|xz|txz|bz2|tar|box|qcow2|img|raw))$/i;

/**
 * What the box is called: as the user wants, else an image's own name, else that of the file or folder. `undefined` for
 * catalogs, which have names themselves.
 * @throws BothyError `USAGE` for what can be no name.
 */
export async function nameOfSource(
  source: AddSource,
  wanted: string | undefined,
): Promise<string | undefined> {
  if (wanted !== undefined) return normaliseBoxName(wanted);
  if (source.kind === "image") return boxNameOfImage(parseReference(source.reference));
  if (source.kind === "context")
    return buildBoxName({ context: source.folder, dockerfile: source.dockerfile });
  if (source.kind === "file") return nameOfFile(source.file);
  const [path = "", ...tag] = splitTag(source.text);
  return [path, ...tag].map((part) => wordOf(part)).join("/");
}

/**
 * A name is free when no other thing has it: neither a recipe nor a box from elsewhere. The box that came from the same
 * place may be replaced by what is there now.
 * @throws BothyError `NAME_TAKEN`.
 */
export async function requireFreeName(
  { layout, cwd }: Context,
  name: string,
  source: AddSource,
  force = false,
): Promise<void> {
  if ((await listRecipes()).includes(name)) {
    throw taken(name, "a recipe of bothy's, from which it is built", [`--name my/${basename(name)}`]);
  }
  const box = force ? undefined : await readBox(layout, name);
  if (!box || isFrom(box.source, source, cwd)) return;
  throw taken(name, "another box in the store", ["--name OTHER", "--force"]);
}

function isFrom(origin: Box["source"], source: AddSource, cwd: string): boolean {
  if (!origin) return false;
  if (source.kind === "image") {
    return "image" in origin && origin.image === canonicalReference(parseReference(source.reference));
  }
  if (source.kind === "context") return "context" in origin && origin.context === source.folder;
  if (source.kind === "file") {
    const places = [source.file, resolve(cwd, source.file)];
    return "file" in origin && places.some((place) => [origin.file, origin.catalog].includes(place));
  }
  return "archive" in origin && origin.archive.replace(/^[a-z-]+:/, "") === resolve(cwd, source.text);
}

async function nameOfFile(file: string): Promise<string | undefined> {
  const isUrl = /^https?:\/\//i.test(file);
  const path = isUrl ? decodeURI(new URL(file).pathname) : file;
  if (isUrl ? !SUFFIX.test(path) : await isJson(file)) return undefined;
  return wordOf(path);
}

/** A catalog, which knows the name of its box. */
async function isJson(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
  return /^\s*\{/.test(buffer.toString("latin1", 0, bytesRead));
}

/** `FILE:NAME`: what follows the last part of the path. */
function splitTag(text: string): string[] {
  const [, path = text, tag] = /^(.*?[^/:]+):([^/]*(?:\/.*)?)$/s.exec(text) ?? [];
  return tag ? [path, ...tag.split(/[/:]/)] : [path];
}

/** The last part of a path, made a word that a name can have: `/srv/Debian 12.qcow2` is `debian-12`. */
function wordOf(path: string): string {
  const word = basename(resolve("/", path)).replace(SUFFIX, "").toLowerCase();
  return word.replace(/[^a-z0-9._]+/g, "-").replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "") || "box";
}

function taken(name: string, what: string, ways: readonly string[]): BothyError {
  return new BothyError("NAME_TAKEN", `the name \`${name}\` belongs to ${what}`, {
    hints: ways.map((way) => `add it with \`${way}\``),
  });
}
