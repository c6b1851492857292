import { openArchive, openLayout } from "../boxes/image/index.ts";
import { type Box, getBox, listBoxes } from "../boxes/index.ts";
import { canonicalReference, openImage, parseReference } from "../boxes/registry/index.ts";
import type { Context } from "./context.ts";
import type { Progress } from "./reporter.ts";

/** An image whose documents are read; its layers are fetched when they are asked for. */
type ImageSource = Awaited<ReturnType<typeof openImage>>;
type Source = NonNullable<Box["source"]>;
/** An image of a registry, as a box remembers it. */
export type ImageOrigin = Extract<Source, { image: string }>;
/** An image of a layout or archive on this host, as a box remembers it. */
export type ArchiveOrigin = Extract<Source, { archive: string }>;

/** The boxes of these names, each once; without names all that can be read, and of others is told. @throws BothyError `BOX_UNKNOWN`. */
export async function namedBoxes(ctx: Context, names: readonly string[]): Promise<Box[]> {
  if (names.length === 0) {
    const entries = await listBoxes(ctx.layout);
    for (const { name, state } of entries) {
      if (state !== "broken") continue;
      ctx.reporter.warn(`the box \`${name}\` is left out, it cannot be read: \`bothy box remove ${name}\``);
    }
    return entries.flatMap((entry) => (entry.state === "ok" ? [entry.box] : []));
  }
  const boxes: Box[] = [];
  for (const name of names) boxes.push(await getBox(ctx.layout, name));
  return [...new Map(boxes.map((box) => [box.name, box])).values()];
}

/** Whether a box's image is named by a tag, which may move, and not by a digest. */
export function isTagged(origin: ImageOrigin): boolean {
  return parseReference(origin.image).digest === undefined;
}

/**
 * Opens the image that a box is made of: what its name stands for now, or with `pinned` the very one that the box was
 * made of.
 */
export async function openOrigin(
  ctx: Context,
  origin: ImageOrigin | ArchiveOrigin,
  options: { pinned?: boolean; progress?: Progress } = {},
): Promise<ImageSource> {
  const { layout, signal } = ctx;
  if ("archive" in origin) {
    const open = origin.archive.startsWith("oci:") ? openLayout : openArchive;
    return open(layout, origin.archive, { signal });
  }
  const { platform, manifest } = origin;
  const reference = parseReference(origin.image);
  const named = options.pinned ? { ...reference, digest: manifest } : reference;
  const report = options.progress && ((line: string) => options.progress?.report(line));
  return openImage(layout, canonicalReference(named), { platform, signal, report });
}
