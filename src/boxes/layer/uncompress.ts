import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { BothyError, hasErrno } from "../../errors.ts";
import { missingTool, start } from "../../system/index.ts";
import { Refusal } from "./refusal.ts";

/** Large pieces: fewer turns of the event loop. */
const CHUNK_BYTES = 1 << 18;

/** What a packed stream begins with. Of zstd also its skippable frames, which tools put first. */
const MAGIC: readonly (readonly [format: Format, hex: RegExp])[] = [
  ["gzip", /^1f8b/],
  ["zstd", /^(?:28b52ffd|5.2a4d18)/],
  ["xz", /^fd377a585a00/],
  ["bzip2", /^425a683[1-9]/],
];

type Format = "gzip" | "zstd" | "xz" | "bzip2" | "plain";

/**
 * The bytes of a stream, unpacked when it is packed; the content tells how, whatever its name says. gzip is unpacked
 * in this process, the rest by Debian's programs.
 * @throws BothyError `TOOL_MISSING`; Refusal when the packed stream is damaged or ends early.
 */
export async function* uncompress(input: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    const head = await firstBytes(chunks);
    const format = MAGIC.find(([, magic]) => magic.test(head.toString("hex", 0, 6)))?.[0] ?? "plain";
    const whole = joined(head, chunks);
    if (format === "plain") yield* whole;
    else if (format === "gzip") yield* gunzip(whole);
    else yield* unpackedBy(format, whole);
  } finally {
    await chunks.return?.();
  }
}

async function firstBytes(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < 6) {
    const next = await chunks.next();
    if (next.done) break;
    head = head.length === 0 ? Buffer.from(next.value) : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* joined(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}

async function* gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacker = createGunzip({ chunkSize: CHUNK_BYTES });
  const feeding = pipeline(Readable.from(packed, { objectMode: false }), unpacker);
  feeding.catch(() => {}); // the same error comes out of the unpacker
  try {
    yield* unpacker as AsyncIterable<Buffer>;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))) throw error;
    throw new Refusal(`is damaged: gzip says \`${error.message}\``);
  } finally {
    unpacker.destroy();
    await feeding.catch(() => {});
  }
}

async function* unpackedBy(tool: Exclude<Format, "gzip" | "plain">, packed: AsyncIterable<Buffer>) {
  const child = start([tool, "--decompress", "--stdout"], { stdio: ["pipe", "pipe", "pipe"] });
  if (!child.stdin || !child.stdout || !child.stderr) throw new Error("no pipes");
  let said = "";
  let inputFault: unknown;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2000)));
  const ended = once(child, "close") as Promise<[number | null]>;
  ended.catch(() => {}); // looked at below
  const feeding = pipeline(packed, child.stdin).catch((error: unknown) => {
    if (!hasErrno(error, "EPIPE", "ERR_STREAM_PREMATURE_CLOSE")) inputFault = error; // else its exit code tells
  });
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    await feeding;
    if (inputFault) throw inputFault;
    const [code] = await ended.catch(startFailure(tool));
    if (code !== 0) throw new Refusal(`is damaged: ${tool} says \`${said.trim()}\``);
  } finally {
    child.kill("SIGKILL");
    await ended.catch(() => {});
    await feeding;
  }
}

function startFailure(tool: string): (error: unknown) => never {
  return (error) => {
    if (hasErrno(error, "ENOENT")) throw missingTool(tool, error);
    throw new BothyError("FAILED", `cannot start \`${tool}\``, { cause: error });
  };
}
