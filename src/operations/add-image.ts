import { formatBytes } from "../boxes/download/index.ts";
import { addImage, findAdded, type ImageProgress } from "../boxes/image/index.ts";
import type { Box, ImageSource } from "../boxes/index.ts";
import { byteProgress } from "./byte-progress.ts";
import type { Context } from "./context.ts";
import type { Progress } from "./reporter.ts";

/**
 * Makes a box of an opened image and tells how far it is, in bytes; the title says in the end what became of it.
 * @throws as `addImage` does.
 */
export async function addOpenedImage(
  ctx: Context,
  source: ImageSource,
  options: {
    readonly name: string;
    readonly shown: string;
    readonly progress: Progress;
    readonly force?: boolean | undefined;
  },
): Promise<Box> {
  const { layout, signal } = ctx;
  const { name, shown, progress, force } = options;
  const present = force ? undefined : await findAdded(layout, source, name);
  if (present) {
    progress.title(`${shown} is there already`);
    return present;
  }
  const report = (line: string) => progress.report(line);
  const tell = byteProgress(report, { live: process.stderr.isTTY });
  let last: ImageProgress | undefined;
  const onProgress = (now: ImageProgress) => {
    last = now;
    tell(now);
  };
  const box = await addImage(layout, source, name, { signal, report, onProgress, force });
  progress.title(`${shown}: ${ending(box, last)}`);
  return box;
}

/** `5 layers, 40 MiB fetched`; layers that the store had cost nothing. */
function ending({ layers }: Box, last: ImageProgress | undefined): string {
  const count = `${layers.length} layer${layers.length === 1 ? "" : "s"}`;
  return last?.bytes ? `${count}, ${formatBytes(last.bytes)} fetched` : `${count}, all there already`;
}
