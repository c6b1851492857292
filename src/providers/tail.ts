import { open } from "node:fs/promises";

/** What a log may have for us: it may be large, so only so much of its end is read. */
const TAIL_BYTES = 64 * 1024;

/** The end of a log, of what is behind byte `from`; empty when there is none. */
export async function readTail(path: string, from = 0): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const begun = from > size ? 0 : from; // a log that was begun anew
    const start = Math.max(begun, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
