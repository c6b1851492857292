import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { BothyError } from "../../errors.ts";
import { missingTool, start } from "../../system/index.ts";

/** A tar of a folder as it comes. */
export interface TreeTar {
  readonly stream: Readable;
  /** Settles when tar has ended. @throws BothyError `EXPORT_FAILED` with what it said. */
  readonly done: Promise<void>;
}

/** The same tree gives the same bytes: sorted, owners by number, no times but mtime. */
const FORMAT = [
  ...["--format=pax", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"],
  ...["--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=*"],
  ...["--transform=flags=rSh;s,^\\./\\(.\\),\\1,"],
];

/** Begins to write the tar of a tree: names without a leading `./`, extended attributes, hard links, devices. */
export function treeTar(folder: string, signal?: AbortSignal): TreeTar {
  const child = start(["tar", ...FORMAT, "-C", folder, "-c", "."], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  if (!child.stdout || !child.stderr) throw new Error("tar was started without pipes");
  const said = text(child.stderr);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) => reject(signal?.aborted ? interrupted() : missingTool("tar", cause)));
    child.once("close", resolve);
  });
  const done = ended.then(async (code) => {
    if (signal?.aborted) throw interrupted();
    if (code !== 0) throw new BothyError("EXPORT_FAILED", `tar failed: ${(await said).trim() || code}`);
  });
  done.catch(() => {}); // told by whoever waits for it
  return { stream: child.stdout, done };
}

function interrupted(): BothyError {
  return new BothyError("INTERRUPTED", "the export was interrupted");
}
