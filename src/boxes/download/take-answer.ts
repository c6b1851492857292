import { dirname } from "node:path";
import { BothyError } from "../../errors.ts";
import type { PartFile } from "./part-file.ts";
import type { HttpAnswer } from "./request.ts";
import { requireSpace } from "./space.ts";
import type { Transfer } from "./transfer.ts";

/** What became of one answer: all is there, it broke off, or the server cannot go on where the part ends. */
export type Outcome = "complete" | "no-range" | { readonly broken: unknown };

/** Writes as many chunks at once as make this, so that small ones do not cost a write each. */
const WRITE_BYTES = 1 << 20;

/**
 * Adds one answer's body to the part. The announced size is compared before a byte is taken.
 * @throws BothyError `CHECKSUM_MISMATCH` when the file has another size than promised, `DISK_FULL`, `INTERRUPTED`.
 */
export async function takeAnswer(request: Transfer, part: PartFile, answer: HttpAnswer): Promise<Outcome> {
  try {
    const range = await placeOf(request, part, answer);
    if (range !== "take") return range;
    await append(request, part, answer);
  } catch (error) {
    if (error instanceof BothyError || request.signal?.aborted) throw error;
    return { broken: error };
  } finally {
    answer.body.destroy();
  }
  const missing = (request.expect?.size ?? part.bytes) - part.bytes;
  return missing > 0 ? { broken: undefined } : "complete";
}

/** Where the body belongs; for a whole one the part starts again. */
async function placeOf(request: Transfer, part: PartFile, answer: HttpAnswer): Promise<Outcome | "take"> {
  const { status, headers } = answer;
  const size = request.expect?.size;
  if (status === 206 || status === 416) {
    const [, from, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
    if (status === 416) {
      return size === undefined && Number(total) === part.bytes && part.bytes > 0 ? "complete" : "no-range";
    }
    const isOtherSize = size !== undefined && total !== "*" && Number(total) !== size;
    return Number(from) !== part.bytes || isOtherSize ? "no-range" : "take";
  }
  if (part.bytes > 0) {
    request.onBytes?.(-part.bytes);
    await part.restart();
  }
  const length = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
  if (size !== undefined && length !== undefined && length !== size) throw otherSize(request, length);
  if (size === undefined && length !== undefined) {
    await requireSpace(dirname(request.target), length, request.title);
  }
  return "take";
}

async function append(request: Transfer, part: PartFile, answer: HttpAnswer): Promise<void> {
  const limit = request.expect?.size ?? Number.POSITIVE_INFINITY;
  let [chunks, waiting]: [Uint8Array[], number] = [[], 0];
  const write = async () => {
    const bytes = waiting;
    const all = Buffer.concat(chunks);
    [chunks, waiting] = [[], 0];
    await part.append(all);
    request.onBytes?.(bytes);
  };
  try {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      waiting += chunk.length;
      if (part.bytes + waiting > limit) throw otherSize(request, undefined);
      if (waiting >= WRITE_BYTES) await write();
    }
  } finally {
    if (waiting > 0 && part.bytes + waiting <= limit) await write(); // also what came before it broke off
  }
}

function otherSize({ title, expect }: Transfer, actual: number | undefined): BothyError {
  const found = actual === undefined ? "the server sends more" : `the server has ${actual}`;
  return new BothyError("CHECKSUM_MISMATCH", `${title}: ${expect?.size} bytes were promised, and ${found}`, {
    hints: ["it was not used: the file on the server or the promise is wrong"],
  });
}
