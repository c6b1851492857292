import { buildDockerfile } from "../boxes/dockerfile/index.ts";
import { shownUrl } from "../boxes/download/index.ts";
import { addFile } from "../boxes/file/index.ts";
import { openArchive, openLayout } from "../boxes/image/index.ts";
import type { Box } from "../boxes/index.ts";
import { parseChecksum } from "../boxes/vagrant/index.ts";
import { BothyError } from "../errors.ts";
import { addOpenedImage } from "./add-image.ts";
import { nameOfSource, requireFreeName } from "./add-name.ts";
import { type AddSource, detectSource } from "./add-source.ts";
import { type BoxDetails, inspectBox } from "./box-inspect.ts";
import type { Context } from "./context.ts";
import { valuesOf } from "./outcomes.ts";
import { pullImage } from "./pull-image.ts";
import type { Progress } from "./reporter.ts";

/** How `box add` was called; what is absent has a default. */
export interface AddBoxOptions {
  readonly name?: string | undefined;
  readonly force?: boolean | undefined;
  /** Of images: `linux/arm64`. */
  readonly platform?: string | undefined;
  /** Of files: `sha256:HEX`, or the hex alone. */
  readonly checksum?: string | undefined;
  /** Of catalogs. */
  readonly version?: string | undefined;
  readonly provider?: "libvirt" | "lxc" | undefined;
  readonly architecture?: string | undefined;
}

/** One thing to add, with everything that was found out about it. */
interface Work {
  readonly source: AddSource;
  /** Absent: a catalog tells. */
  readonly name: string | undefined;
  readonly options: AddBoxOptions;
  readonly progress: Progress;
}

/** Options that make sense for some sources only. */
const ONLY_FOR: Readonly<Record<string, { kinds: readonly AddSource["kind"][]; what: string }>> = {
  platform: { kinds: ["image", "layout", "archive"], what: "container images" },
  checksum: { kinds: ["file"], what: "files and URLs" },
  version: { kinds: ["file"], what: "catalogs of Vagrant boxes" },
  provider: { kinds: ["file"], what: "catalogs of Vagrant boxes" },
  architecture: { kinds: ["file"], what: "catalogs of Vagrant boxes" },
};

/**
 * Puts a box into the store: an image of a registry, layout or archive, a Dockerfile's result, or what a file or URL
 * holds. Nothing happens when it is there already.
 * @throws BothyError `USAGE`, `NAME_TAKEN`, and whatever getting it throws.
 */
export async function addBox(ctx: Context, text: string, options: AddBoxOptions): Promise<BoxDetails> {
  const { source, remark } = await detectSource(text, ctx.cwd);
  if (remark) ctx.reporter.info(remark);
  refuseForeignOptions(source, options);
  const name = await nameOfSource(source, options.name);
  if (name !== undefined) await requireFreeName(ctx, name, source, options.force);
  const run = (progress: Progress) => add(ctx, { source, name, options, progress });
  const outcomes = await ctx.reporter.tasks([{ title: titleOf(source), run }]);
  const [box] = valuesOf(outcomes, [text]);
  if (!box) throw new Error("neither a box nor an error");
  return inspectBox(ctx, box.name, {});
}

function add(ctx: Context, work: Work): Promise<Box> {
  const { source, name, options, progress } = work;
  const { platform, force } = options;
  if (source.kind === "image") {
    return pullImage(ctx, source.reference, { name, platform, force, progress, renew: true });
  }
  if (source.kind === "context") return build(ctx, work, source);
  return source.kind === "file" ? addOther(ctx, work, source.file) : open(ctx, work, source);
}

async function open(
  ctx: Context,
  { name = "", options, progress }: Work,
  { kind, text }: Extract<AddSource, { kind: "layout" | "archive" }>,
): Promise<Box> {
  const { layout, cwd, signal } = ctx;
  const { platform, force } = options;
  progress.report("reading what it holds");
  const opened = kind === "layout" ? openLayout : openArchive;
  await using source = await opened(layout, text, { cwd, platform, signal });
  return await addOpenedImage(ctx, source, { name, shown: text, progress, force });
}

async function build(
  { layout, signal }: Context,
  { name, options, progress }: Work,
  { folder, dockerfile }: Extract<AddSource, { kind: "context" }>,
): Promise<Box> {
  const report = (line: string) => progress.report(line);
  const more = { name, force: options.force, signal, report, onOutput: report };
  const { box, built } = await buildDockerfile(layout, { context: folder, dockerfile }, more);
  progress.title(built ? `built ${folder}` : `${folder} has not changed`);
  return box;
}

async function addOther(
  { layout, cwd, signal }: Context,
  { name, options, progress }: Work,
  file: string,
): Promise<Box> {
  const { version, provider, architecture, force } = options;
  const [, algorithm, hex] = /^(?:([\w-]+):)?(.*)$/.exec(options.checksum ?? "") ?? [];
  const checksum = options.checksum === undefined ? undefined : parseChecksum(hex ?? "", algorithm);
  const report = (line: string) => progress.report(line);
  const choice = { version, provider, architecture, checksum };
  const box = await addFile(layout, file, { ...choice, name, force, cwd, signal, report });
  progress.title(`added ${box.name}`);
  return box;
}

function refuseForeignOptions(source: AddSource, options: AddBoxOptions): void {
  for (const [option, { kinds, what }] of Object.entries(ONLY_FOR)) {
    const value = options[option as keyof AddBoxOptions];
    if (value === undefined || kinds.includes(source.kind)) continue;
    throw new BothyError("USAGE", `\`--${option} ${value}\` is only for ${what}`, {
      hints: [`leave it out, or check what was meant: this was taken for ${describe(source)}`],
    });
  }
}

function titleOf(source: AddSource): string {
  if (source.kind === "image") return `pulling ${source.reference}`;
  if (source.kind === "context") return `building ${source.folder}`;
  return `adding ${source.kind === "file" ? shownFile(source.file) : source.text}`;
}

function describe(source: AddSource): string {
  if (source.kind === "image") return `the image \`${source.reference}\` of a registry`;
  if (source.kind === "context") return `the Dockerfile in ${source.folder}`;
  if (source.kind === "file") return `the file \`${shownFile(source.file)}\``;
  return `the ${source.kind === "layout" ? "OCI layout" : "archive of images"} \`${source.text}\``;
}

/** A URL may have a login, and in its query a signature. */
function shownFile(file: string): string {
  return /^https?:\/\//i.test(file) ? shownUrl(file) : file;
}
