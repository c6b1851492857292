import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isImageArchive } from "../boxes/image/index.ts";
import { parseReference } from "../boxes/registry/index.ts";
import { BothyError, messageOf } from "../errors.ts";

/** What `box add` was given. */
export type AddSource =
  /** An OCI layout, `DIR[:TAG]`. */
  | { readonly kind: "layout"; readonly text: string }
  /** An archive of images, `FILE[:NAME]`. */
  | { readonly kind: "archive"; readonly text: string }
  /** A folder with a Dockerfile, and what that is called. */
  | { readonly kind: "context"; readonly folder: string; readonly dockerfile: string }
  /** A `.box`, a disk, a tarball of a root file system or a catalog: a path or a URL. */
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "image"; readonly reference: string };

/** What it is, and a remark where it could have been something else. */
export interface Detected {
  readonly source: AddSource;
  readonly remark?: string | undefined;
}

const DOCKERFILES = ["Dockerfile", "Containerfile"];

/**
 * Tells what a user means by the argument of `box add`: a prefix says it (`oci:`, `docker-archive:`, `oci-archive:`,
 * `docker://`), so does a URL; what lies on this host under that name is taken next; the rest are names in registries.
 * @throws BothyError `USAGE` for what is none of them.
 */
export async function detectSource(text: string, cwd: string): Promise<Detected> {
  const [, prefix = "", rest = ""] =
    /^(oci:|oci-archive:|docker-archive:|docker:\/\/)?(.*)$/s.exec(text.trim()) ?? [];
  if (rest === "") throw new BothyError("USAGE", `\`${text}\` names nothing that could be added`);
  if (prefix === "oci:") return { source: { kind: "layout", text: rest } };
  if (prefix === "docker://") return { source: imageOf(rest) };
  if (prefix) return { source: { kind: "archive", text: rest } };
  if (/^https?:\/\//i.test(text)) return { source: { kind: "file", file: requireUrl(text) } };
  const path = text.startsWith("file://") ? pathOfUrl(text) : text;
  const local = await localSource(resolve(cwd, path));
  if (isPath(text))
    return { source: local ?? (await namedSource(path, cwd)) ?? nothingAt(resolve(cwd, path)) };
  if (!local && LOOKS_LIKE_FILE.test(text)) nothingAt(resolve(cwd, text));
  if (!local) return { source: imageOf(text) };
  return { source: local, remark: couldBeImage(text) };
}

/** What lies at a path; `undefined` when that is nothing, or a folder that is no source. */
async function localSource(path: string): Promise<AddSource | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) {
    if (await isFile(join(path, "oci-layout"))) return { kind: "layout", text: path };
    const found = await Promise.all(DOCKERFILES.map((name) => isFile(join(path, name))));
    const dockerfile = DOCKERFILES[found.indexOf(true)];
    return dockerfile === undefined ? undefined : { kind: "context", folder: path, dockerfile };
  }
  if (!stats?.isFile()) return undefined;
  const [folder, name] = [dirname(path), basename(path)];
  if (DOCKERFILES.includes(name)) return { kind: "context", folder, dockerfile: name };
  return (await isImageArchive(path)) ? { kind: "archive", text: path } : { kind: "file", file: path };
}

/** `./layout:TAG`, `/srv/images.tar:web:1`. */
async function namedSource(text: string, cwd: string): Promise<AddSource | undefined> {
  for (let end = text.lastIndexOf(":"); end > 0; end = text.lastIndexOf(":", end - 1)) {
    const source = await localSource(resolve(cwd, text.slice(0, end)));
    const name = text.slice(end);
    if (source?.kind === "layout" || source?.kind === "archive") {
      return { kind: source.kind, text: source.text + name };
    }
  }
  return undefined;
}

/** A name in a registry may end so too, but nobody's does. */
const LOOKS_LIKE_FILE = /\.(?:qcow2|img|raw|box|json|tar|tgz|txz|tar\.(?:gz|xz|zst|bz2))$/i;

function nothingAt(path: string): never {
  throw new BothyError("USAGE", `there is no file, OCI layout or folder with a Dockerfile at \`${path}\``, {
    hints: ["an image in a registry is written without `./` or `/` before it: bothy box add nginx:1.27"],
  });
}

/** The URL as it is; what cannot be read of it later would be no user's error any more. */
function requireUrl(text: string): string {
  try {
    decodeURI(new URL(text).pathname);
    return text;
  } catch {
    throw new BothyError("USAGE", "what begins like a URL is none", {
      hints: ["bothy box add 'https://HOST/PATH'", "a `%` that is no code is written `%25`"],
    });
  }
}

function pathOfUrl(text: string): string {
  try {
    return fileURLToPath(text);
  } catch (cause) {
    throw new BothyError("USAGE", `\`${text}\` is no file of this host: ${messageOf(cause)}`, {
      hints: ["bothy box add /PATH/OF/FILE"],
      cause,
    });
  }
}

function imageOf(reference: string): AddSource {
  parseReference(reference); // says what is wrong with it
  return { kind: "image", reference };
}

function couldBeImage(text: string): string | undefined {
  try {
    parseReference(text);
    return `\`${text}\` is a file or folder here and was taken as that; \`docker://${text}\` is the image`;
  } catch {
    return undefined;
  }
}

function isPath(text: string): boolean {
  return /^(?:\.{0,2}\/|\.{1,2}$|file:\/\/)/.test(text);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
