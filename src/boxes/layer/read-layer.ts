import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { BothyError } from "../../errors.ts";
import { Budget } from "./budget.ts";
import type { ErofsWriter } from "./erofs/writer.ts";
import type { Plan } from "./plan.ts";
import { Refusal } from "./refusal.ts";
import { ByteSource } from "./tar/byte-source.ts";
import { TarReader } from "./tar/reader.ts";
import type { LayerTree } from "./tree.ts";
import type { LayerOptions, TarInput } from "./types.ts";
import { uncompress } from "./uncompress.ts";
import { Unpacking } from "./unpack.ts";

/** A tar has at least a block after its end; more than this is no padding. */
const MOST_TRAILING_BYTES = 1 << 30;

/** What became of a tar. */
export interface ReadLayer {
  readonly diffId: string;
  readonly tree: LayerTree;
  readonly plan: Plan;
}

/**
 * Reads a whole tar into an image, also what comes after its end: the digest covers it.
 * @throws BothyError `CHECKSUM_MISMATCH`, `DISK_FULL`, `TOOL_MISSING`; Refusal; what the stream fails with.
 */
export async function readLayer(
  input: TarInput,
  { signal, onBytes }: LayerOptions,
  writer: ErofsWriter,
  scratch: string,
): Promise<ReadLayer> {
  const stream = await input.open();
  const stop = () => stream instanceof Readable && stream.destroy(new Error("aborted"));
  signal?.addEventListener("abort", stop, { once: true });
  const hash = createHash("sha256");
  const bytes = hashed(uncompress(stream), (chunk) => {
    hash.update(chunk);
    onBytes?.(chunk.length);
    signal?.throwIfAborted();
  });
  try {
    const source = new ByteSource(bytes);
    const reader = new TarReader(source);
    const unpacking = new Unpacking(reader, writer, await Budget.of(scratch));
    const plan = await unpacking.readAll();
    if (!reader.hasEnd && !input.diffId) throw new Refusal("has no end: the archive is truncated");
    await source.skipRest(MOST_TRAILING_BYTES);
    const diffId = hash.digest("hex");
    requireDigest(input, diffId);
    return { diffId, tree: unpacking.tree, plan };
  } finally {
    signal?.removeEventListener("abort", stop);
    await bytes.return(undefined);
  }
}

async function* hashed(chunks: AsyncIterable<Buffer>, look: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    look(chunk);
    yield chunk;
  }
}

function requireDigest({ title, diffId }: TarInput, actual: string): void {
  if (diffId === undefined || diffId === actual) return;
  throw new BothyError(
    "CHECKSUM_MISMATCH",
    `\`${title}\` is not what was promised: its uncompressed bytes have the sha256 ${actual} instead of ${diffId}`,
    { hints: ["nothing of it was kept; fetch it again"] },
  );
}
