import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError } from "../../errors.ts";
import { type Clock, debug, ensureFolder, statIfExists, systemClock } from "../../system/index.ts";
import { type Checksum, isSame, mismatch, verifyFile } from "./checksum.ts";
import { explainNetwork } from "./network-trouble.ts";
import { openPartFile, type PartFile } from "./part-file.ts";
import { type HttpAnswer, shownUrl } from "./request.ts";
import { backoffMs } from "./retry.ts";
import { requireSpace } from "./space.ts";
import { takeAnswer } from "./take-answer.ts";

/** One file that comes over HTTP, however it is asked for. */
export interface Transfer {
  /** For messages: a URL, or `blob sha256:... of nginx:1.27`. */
  readonly title: string;
  /** `${target}.part` while it comes; the caller holds `takeTarget` of it. */
  readonly target: string;
  readonly expect?:
    | { readonly size?: number | undefined; readonly checksum?: Checksum | undefined }
    | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The change since the last call; what an earlier run left counts, and is taken back when it turns out useless. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Asks for it with these headers more; answers with 200, 206 or 416, throws for everything else. */
  open(headers: Record<string, string>): Promise<HttpAnswer>;
}

/** What was transferred. */
export interface Transferred {
  readonly path: string;
  readonly contentType?: string | undefined;
  readonly bytes: number;
}

/** Broken connections in a row, each without any progress, after which it is given up. */
const MOST_FAILURES = 4;

/**
 * Brings the file: what is there already and is right is kept, a part is continued with Range, broken connections are
 * taken up again, size and checksum are verified before the file has its name. Memory does not grow with its size.
 * @throws BothyError `CHECKSUM_MISMATCH` (nothing is kept), `DOWNLOAD_FAILED` (what came is kept), `DISK_FULL`,
 * `INTERRUPTED`, and whatever `open` throws.
 */
export async function transfer(request: Transfer, clock: Clock = systemClock): Promise<Transferred> {
  await ensureFolder(dirname(request.target));
  try {
    return (await findPresent(request)) ?? (await fetchPart(request, clock));
  } catch (error) {
    if (request.signal?.aborted) throw interrupted(request.title, error);
    throw error;
  }
}

/** A file from before; without a checksum nobody could tell whether it is the right one. */
async function findPresent({ target, expect, onBytes, signal }: Transfer): Promise<Transferred | undefined> {
  const stat = await statIfExists(target);
  if (!stat || !expect?.checksum) return undefined;
  const isRight = await verifyFile(target, expect.checksum, signal).then(
    () => true,
    (error: unknown) => {
      if (error instanceof BothyError) return false;
      throw error;
    },
  );
  if (!isRight) return undefined;
  onBytes?.(stat.size);
  return { path: target, bytes: stat.size };
}

async function fetchPart(request: Transfer, clock: Clock): Promise<Transferred> {
  const { target, expect, title } = request;
  const path = `${target}.part`;
  await using part = await openPartFile(path, expect?.checksum?.algorithm, request.signal);
  await using _tidy = { [Symbol.asyncDispose]: () => removeEmpty(path, part) };
  request.onBytes?.(part.bytes);
  if (expect?.size !== undefined) {
    if (part.bytes > expect.size) await startAgain(request, part);
    await requireSpace(dirname(target), expect.size - part.bytes, title);
  }
  const contentType = await fetchVerified(request, part, clock);
  if (!expect?.checksum) await part.sync(); // nobody could tell after a power cut that bytes are missing
  await rename(path, target);
  return { path: target, bytes: part.bytes, ...(contentType ? { contentType } : {}) };
}

async function removeEmpty(path: string, part: PartFile): Promise<void> {
  if (part.bytes === 0) await rm(path, { force: true });
}

/** A wrong checksum of a continued part may be the old part's fault: then, and only then, once from the start. */
async function fetchVerified(request: Transfer, part: PartFile, clock: Clock): Promise<string | undefined> {
  const { title, target, expect } = request;
  const contentType = await fetchRest(request, part, clock);
  const actual = part.digest();
  if (actual === undefined || !expect?.checksum || isSame(actual, expect.checksum)) return contentType;
  if (!part.isOld) {
    await rm(`${target}.part`, { force: true });
    throw mismatch(title, actual, expect.checksum);
  }
  debug(() => `${title}: what an earlier run left is of no use`);
  await startAgain(request, part);
  return fetchVerified(request, part, clock);
}

async function fetchRest(request: Transfer, part: PartFile, clock: Clock): Promise<string | undefined> {
  let failures = 0;
  let contentType: string | undefined;
  let mayContinue = true;
  while (part.bytes === 0 || part.bytes !== request.expect?.size) {
    if (!mayContinue && part.bytes > 0) await startAgain(request, part);
    const before = part.bytes;
    const answer = await request.open(before > 0 ? { range: `bytes=${before}-` } : {});
    contentType = answer.headers["content-type"] ?? contentType;
    const outcome = await takeAnswer(request, part, answer);
    if (outcome === "complete") break;
    if (outcome === "no-range") {
      if (before === 0) throw confused(request, answer);
      mayContinue = false;
    } else {
      failures = part.bytes > before ? 1 : failures + 1;
      if (failures > MOST_FAILURES) throw givenUp(request, part, outcome.broken, answer);
      debug(() => `${request.title}: ended after ${part.bytes} bytes, going on`);
      await clock.sleep(backoffMs(failures - 1), request.signal);
    }
  }
  return contentType;
}

async function startAgain({ onBytes }: Transfer, part: PartFile): Promise<void> {
  onBytes?.(-part.bytes);
  await part.restart();
}

function givenUp(request: Transfer, part: PartFile, cause: unknown, answer: HttpAnswer): BothyError {
  const of = request.expect?.size === undefined ? "" : ` of ${request.expect.size}`;
  const why = explainNetwork(cause, answer.url)?.why ?? "the body ended early";
  const message = `${request.title}: ended after ${part.bytes}${of} bytes, again and again: ${why}`;
  return new BothyError("DOWNLOAD_FAILED", message, {
    hints: [`try again: what came is kept, and the rest is asked for (from ${shownUrl(answer.url)})`],
    cause,
  });
}

function confused({ title }: Transfer, { status, url }: HttpAnswer): BothyError {
  const message = `${title}: asked for the whole file, the server answered ${status}`;
  return new BothyError("DOWNLOAD_FAILED", message, { hints: [`curl -sI ${shownUrl(url)}`] });
}

function interrupted(title: string, cause: unknown): BothyError {
  return new BothyError("INTERRUPTED", `downloading ${title} was interrupted`, {
    hints: ["run the same again: it goes on where it stopped"],
    cause,
  });
}
