import { open } from "node:fs/promises";
import { hasErrno } from "../../errors.ts";
import { start } from "../../system/index.ts";
import { packerOf } from "./tar-file.ts";
import { bytesOfFile, firstFileName, indexTar } from "./tar-index.ts";

/** What the first file of an image's archive is called: OCI layouts, and `docker save` of all ages. */
const FIRST =
  /^(?:blobs\/|(?:oci-layout|index\.json|manifest\.json|repositories)$|(?:sha256:)?[0-9a-f]{64}(?:[./]|$))/;
const HEAD_BYTES = 1 << 16;

/**
 * Whether a file is an archive of container images. Plain ones are looked through; of a compressed one its first file
 * tells, so that nothing large is unpacked for it. A file that is no tar archive is none.
 */
export async function isImageArchive(path: string): Promise<boolean> {
  const tool = await packerOf(path);
  try {
    if (tool) return FIRST.test((await firstFileName(await unpackedHead(tool, path))) ?? "");
    await using file = await open(path);
    const members = await indexTar(await bytesOfFile(file), path);
    return members.has("oci-layout") || (members.has("manifest.json") && !members.has("metadata.json"));
  } catch (error) {
    if (hasErrno(error, "EACCES", "EIO")) throw error;
    return false; // what it is instead, others tell
  }
}

async function unpackedHead(tool: string, path: string): Promise<Buffer> {
  await using file = await open(path);
  const child = start([tool, "-dc"], { stdio: [file.fd, "pipe", "ignore"] });
  child.once("error", () => {}); // nothing comes out, then
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of child.stdout ?? []) {
    pieces.push(piece as Buffer);
    size += (piece as Buffer).length;
    if (size >= HEAD_BYTES) break;
  }
  child.kill("SIGKILL");
  return Buffer.concat(pieces);
}
