import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { BothyError } from "../../errors.ts";
import { explainFullDisk, type Layout, lock, shellQuote } from "../../system/index.ts";
import type { BuildContext } from "../artefact.ts";
import { type Box, type BoxContent, describeBox } from "../box.ts";
import { digestOfFile } from "../digest.ts";
import { type Checksum, requireSpace } from "../download/index.ts";
import { addImage, openArchive } from "../image/index.ts";
import { leaseLayers } from "../lease.ts";
import { normaliseBoxName } from "../name.ts";
import { lockBoxes, saveBox } from "../store.ts";
import { type BoxProvider, chooseBox, type Offer, parseCatalog } from "../vagrant/index.ts";
import { findWhole } from "../whole.ts";
import { workspace } from "../workspace.ts";
import { contentOf } from "./content.ts";
import { type Fetched, fetchFile, locate } from "./fetch.ts";
import { type FileKind, fileKind } from "./kind.ts";

/** How a file is added; everything but `cwd` has a default. */
export interface AddFileOptions extends BuildContext {
  /** The box's name; by default the catalog's. */
  readonly name?: string | undefined;
  /** Of the file itself; a catalog brings its own for the boxes it names. */
  readonly checksum?: Checksum | undefined;
  /** Which version of a catalog: a constraint of RubyGems' grammar. */
  readonly version?: string | undefined;
  readonly provider?: BoxProvider | undefined;
  /** As catalogs name them; by default this host's. */
  readonly architecture?: string | undefined;
  /** Makes the box anew even when the one in the store is of this file. */
  readonly force?: boolean | undefined;
  /** Where relative paths begin. */
  readonly cwd: string;
}

type Source = Extract<NonNullable<Box["source"]>, { file: string }>;

const LARGEST_CATALOG = 20 << 20;

/**
 * Makes a box of a file or of what a URL names, by content: a Vagrant box, a catalog of such, a disk (qcow2 or raw, also
 * compressed), a root file system's tarball, an archive of container images. Puts it under its name; the one before
 * serves until then. Does nothing when the store has it already.
 * All or nothing, except that a complete download stays for the next try when something after it fails.
 * @throws BothyError `BOX_INVALID`, `BOX_UNKNOWN`, `USAGE`, `CHECKSUM_MISMATCH`, `DOWNLOAD_FAILED`, `ARCHIVE_REFUSED`,
 * `DISK_FULL`, `INTERRUPTED`, `TOOL_MISSING`, `NOT_ROOT`.
 */
export async function addFile(layout: Layout, fileOrUrl: string, options: AddFileOptions): Promise<Box> {
  await using _lease = await leaseLayers(layout, options.signal);
  const location = locate(fileOrUrl, options.cwd);
  try {
    await using fetched = await fetchFile(layout, location, options);
    const kind = await fileKind(fetched.path, fetched.title);
    if (kind === "catalog") return await fromCatalog(layout, fetched, options);
    refuseConstraint(fetched.title, options);
    return await fromFile(layout, fetched, kind, { file: location }, options);
  } catch (error) {
    throw await explainFullDisk(error, layout.layers());
  }
}

async function fromCatalog(layout: Layout, catalog: Fetched, options: AddFileOptions): Promise<Box> {
  if ((await stat(catalog.path)).size > LARGEST_CATALOG) {
    throw new BothyError("BOX_INVALID", `the catalog \`${catalog.title}\` is larger than 20 MiB`);
  }
  const text = await readFile(catalog.path, "utf8");
  await catalog.done(); // small, and it changes: never kept
  const offer = chooseBox(parseCatalog(text, catalog.title), catalog.location, options);
  const named = options.name ?? offer.name;
  const name = named === undefined ? undefined : normaliseBoxName(named);
  options.report?.(`${name ?? "the box"} ${offer.version} for ${offer.provider}`);
  const source = sourceOf(catalog, offer, options);
  const present = name && offer.checksum ? await findSame(layout, name, source, options) : undefined;
  if (present) return present;
  const location = locate(offer.url, options.cwd);
  await using fetched = await fetchFile(layout, location, { ...options, checksum: offer.checksum });
  const kind = await fileKind(fetched.path, fetched.title);
  if (kind === "catalog")
    throw new BothyError("BOX_INVALID", `${catalog.title} names another catalog as a box`);
  return await fromFile(layout, fetched, kind, source, { ...options, name });
}

function sourceOf(catalog: Fetched, { url, version, checksum }: Offer, options: AddFileOptions): Source {
  return {
    file: url,
    ...(checksum ? { checksum: `${checksum.algorithm}:${checksum.hex}` } : {}),
    catalog: catalog.location,
    ...(options.version ? { constraint: options.version } : {}),
    ...(options.provider ? { provider: options.provider } : {}),
    ...(options.architecture ? { architecture: options.architecture } : {}),
    boxVersion: version,
  };
}

async function fromFile(
  layout: Layout,
  fetched: Fetched,
  kind: FileKind,
  source: Source,
  options: AddFileOptions,
): Promise<Box> {
  const { signal, report } = options;
  const name = normaliseBoxName(options.name ?? nameless(fetched.location));
  if (kind === "image") return fromImage(layout, fetched, name, source, options);
  const checksum = source.checksum ?? `sha256:${await digestOfFile(fetched.path, signal)}`;
  const complete = { ...source, checksum };
  await using _held = await lock(layout.lock(`box-${name}`), {
    signal,
    onWait: (holder) =>
      report?.(
        `waiting for ${holder ? `process ${holder.pid}` : "another process"}, which adds the same box`,
      ),
  });
  const box =
    (await findSame(layout, name, complete, options)) ??
    (await make(layout, name, fetched, kind, complete, options));
  await fetched.done();
  return box;
}

async function make(
  layout: Layout,
  name: string,
  { path, title }: Fetched,
  kind: FileKind,
  source: Source,
  { signal, report }: AddFileOptions,
): Promise<Box> {
  await using scratch = await workspace(layout, `box-${name.replaceAll("/", "-")}`);
  await requireSpace(scratch.folder, (await stat(path)).size, `adding ${name}`);
  const content = await contentOf(layout, { path, title, kind, scratch: scratch.folder, signal, report });
  return await save(layout, name, content, source, signal);
}

async function save(
  layout: Layout,
  name: string,
  content: BoxContent,
  source: Source,
  signal: AbortSignal | undefined,
): Promise<Box> {
  const box = describeBox(name, content, { source });
  await using _held = await lockBoxes(layout, signal);
  await saveBox(layout, box);
  return box;
}

/** The box of that name if it is whole and was made of the very same file. */
async function findSame(
  layout: Layout,
  name: string,
  source: Source,
  { force, report }: AddFileOptions,
): Promise<Box | undefined> {
  if (force) return undefined;
  const box = await findWhole(layout, name);
  if (!box?.source || !("file" in box.source) || box.source.checksum !== source.checksum) return undefined;
  if (box.source.boxVersion !== source.boxVersion || box.source.catalog !== source.catalog) return undefined;
  report?.("is there already");
  return box;
}

async function fromImage(
  layout: Layout,
  fetched: Fetched,
  name: string,
  origin: Source,
  options: AddFileOptions,
): Promise<Box> {
  const { signal, report, force } = options;
  const isUrl = /^https?:/i.test(origin.file); // then the archive is a download, which goes
  await using source = await openArchive(layout, fetched.path, { signal });
  const box = await addImage(layout, source, name, { signal, report, force, ...(isUrl ? { origin } : {}) });
  await fetched.done();
  return box;
}

function refuseConstraint(title: string, { version, provider, architecture }: AddFileOptions): void {
  const given = Object.entries({ version, provider, architecture }).find(([, value]) => value !== undefined);
  if (!given) return;
  throw new BothyError("USAGE", `\`${title}\` is no catalog: there is no ${given[0]} to choose`, {
    hints: [`leave out \`--${given[0]} ${given[1]}\`, or give the URL of the box's catalog`],
  });
}

function nameless(location: string): never {
  const guess =
    basename(location)
      .replace(/[.?].*$/, "")
      .toLowerCase() || "my-box";
  throw new BothyError("USAGE", `what shall the box made of \`${basename(location)}\` be called?`, {
    hints: [shellQuote(["bothy", "box", "add", "--name", guess, location])],
  });
}
