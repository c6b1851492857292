import { type Box, boxNameOfImage, findWhole } from "../boxes/index.ts";
import { familiarReference, openImage, parseReference } from "../boxes/registry/index.ts";
import { addOpenedImage } from "./add-image.ts";
import type { Context } from "./context.ts";
import type { Progress } from "./reporter.ts";

/** How an image is pulled. */
export interface PullOptions {
  readonly progress: Progress;
  /** `linux/arm64`; this host's by default. */
  readonly platform?: string | undefined;
  /** The name of its box; by default the image's own. */
  readonly name?: string | undefined;
  /** Asks the registry even when there is a box of that name: its tag may have moved. */
  readonly renew?: boolean | undefined;
  /** Makes the box anew even when it is of this very image. */
  readonly force?: boolean | undefined;
}

/**
 * The box of an image: the store's if there is one, without asking anybody, else the registry's.
 * @throws BothyError `USAGE` for what can be no reference, and as `openImage` and `addImage` do.
 */
export async function pullImage(ctx: Context, text: string, options: PullOptions): Promise<Box> {
  const { layout, signal } = ctx;
  const reference = parseReference(text);
  const name = options.name ?? boxNameOfImage(reference);
  const { progress, platform, force } = options;
  const present = options.renew || force ? undefined : await findWhole(layout, name);
  if (present) return present;
  const report = (line: string) => progress.report(line);
  await using source = await openImage(layout, text, { platform, signal, report });
  return await addOpenedImage(ctx, source, { name, shown: familiarReference(reference), progress, force });
}
