import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BothyError, hasErrno } from "../../errors.ts";
import { diskFull, missingTool, start } from "../../system/index.ts";
import { formatBytes } from "../download/index.ts";

/** How files begin, and what unpacks them. */
const PACKERS: readonly { readonly magic: string; readonly tool: string }[] = [
  { magic: "1f8b", tool: "gzip" },
  { magic: "28b52ffd", tool: "zstd" },
  { magic: "502a4d18", tool: "zstd" }, // a frame to be skipped, which some writers put first
  { magic: "fd377a585a00", tool: "xz" },
  { magic: "425a68", tool: "bzip2" },
];
/** What an archive may leave of the file system's room; more than the rest is a bomb or does not fit anyway. */
const LEFT_BYTES = 256 << 20;

/** The program that unpacks a file, told by how it begins; `undefined` for what is not compressed. */
export async function packerOf(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(6), 0, 6, 0);
    const begin = buffer.toString("hex");
    return PACKERS.find(({ magic }) => begin.startsWith(magic))?.tool;
  } finally {
    await file.close();
  }
}

/**
 * A path under which an archive can be read uncompressed: its own, or `target`, to which it is unpacked.
 * @throws BothyError `ARCHIVE_REFUSED` for a damaged one, `DISK_FULL`, `TOOL_MISSING`, `INTERRUPTED`.
 */
export async function openTar(path: string, target: string, signal?: AbortSignal): Promise<string> {
  const tool = await packerOf(path);
  if (!tool) return path;
  const { bavail, bsize } = await statfs(dirname(target));
  await unpack(tool, path, target, bavail * bsize - LEFT_BYTES, signal);
  return target;
}

async function unpack(
  tool: string,
  path: string,
  target: string,
  most: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using file = await open(path);
  const child = start([tool, "-dc"], { stdio: [file.fd, "pipe", "pipe"] });
  let said = "";
  child.stderr?.on("data", (text) => (said += text));
  const closed = once(child, "close"); // rejects when there is no such program
  closed.catch(() => {});
  try {
    if (!child.stdout) throw new Error("no pipe");
    const written = pipeline(child.stdout, atMost(most, path), createWriteStream(target), { signal });
    const [[code]] = await Promise.all([closed, written]);
    if (code !== 0) throw damaged(path, said);
  } catch (error) {
    child.kill("SIGKILL");
    throw explain(error, tool, path, target, signal);
  }
}

function atMost(most: number, path: string): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size <= most) return done(null, chunk);
      const message = `${path} unpacks to more than the ${formatBytes(Math.max(0, most))} that there is room for`;
      done(
        new BothyError("DISK_FULL", message, {
          hints: ["unpack it elsewhere, and add the file that comes out"],
        }),
      );
    },
  });
}

function explain(error: unknown, tool: string, path: string, target: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return new BothyError("INTERRUPTED", `unpacking ${path} was interrupted`);
  if (hasErrno(error, "ENOENT")) return missingTool(tool, error);
  return diskFull(error, target);
}

function damaged(path: string, said: string): BothyError {
  return new BothyError("ARCHIVE_REFUSED", `cannot unpack \`${path}\`: ${said.trim() || "it is cut off"}`, {
    hints: ["fetch or write it again"],
  });
}
