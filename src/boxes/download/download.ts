import { rm } from "node:fs/promises";
import { BothyError } from "../../errors.ts";
import { type Clock, readIfExists, systemClock, writeJson } from "../../system/index.ts";
import type { Checksum } from "./checksum.ts";
import { explainNetwork } from "./network-trouble.ts";
import { type HttpAnswer, send, shownUrl } from "./request.ts";
import { takeTarget } from "./target-lock.ts";
import { transfer } from "./transfer.ts";

/** A file to fetch. */
export interface DownloadRequest {
  /** `http://` or `https://`; a login in it is used and never shown. */
  readonly url: string;
  /** The final path; `${target}.part` while it comes. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly expect?:
    | { readonly size?: number | undefined; readonly checksum?: Checksum | undefined }
    | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The change since the last call; what an earlier run left counts, and is taken back when it turns out useless. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** What was fetched, or was there. */
export interface DownloadResult {
  readonly path: string;
  /** Absent when nothing had to be fetched. */
  readonly contentType?: string | undefined;
  readonly bytes: number;
}

/**
 * Fetches a file. An interrupted download goes on where it stopped; without a checksum only while the server says that
 * the file is still the same. A file that is there and has the checksum is not fetched again.
 * @throws BothyError `DOWNLOAD_FAILED` (what came is kept), `CHECKSUM_MISMATCH`, `DISK_FULL`, `INTERRUPTED`;
 * `USAGE` for a URL that is none.
 */
export async function download(
  request: DownloadRequest,
  clock: Clock = systemClock,
): Promise<DownloadResult> {
  const { url, target, expect, signal } = request;
  const title = shownUrl(requireUrl(url));
  await using _held = await takeTarget(target, signal);
  let version = expect?.checksum ? undefined : await knownVersion(target, url);
  const open = async (headers: Record<string, string>): Promise<HttpAnswer> => {
    const condition: Record<string, string> = version && headers["range"] ? { "if-range": version } : {};
    const all = { ...request.headers, ...headers, ...condition };
    const answer = await ask({ url, headers: all, signal }, clock);
    if (!expect?.checksum && answer.status === 200) version = await rememberVersion(target, url, answer);
    return answer;
  };
  const result = await transfer({ title, target, expect, signal, onBytes: request.onBytes, open }, clock);
  await rm(versionFile(target), { force: true });
  return result;
}

function requireUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new BothyError("USAGE", `\`${url}\` is no URL that bothy can fetch`, {
    hints: ["URLs begin with https:// or http://"],
  });
}

async function ask(request: Parameters<typeof send>[0], clock: Clock): Promise<HttpAnswer> {
  const answer = await send(request, clock).catch((error: unknown) => {
    throw request.signal?.aborted ? error : unreachable(request.url, error);
  });
  if ([200, 206, 416].includes(answer.status)) return answer;
  answer.body.destroy();
  throw new BothyError("DOWNLOAD_FAILED", `${shownUrl(request.url)}: the server answered ${answer.said}`, {
    hints: statusHints(answer),
  });
}

function unreachable(url: string, error: unknown): unknown {
  const trouble = explainNetwork(error, url);
  if (!trouble) return error;
  const message = `cannot fetch ${shownUrl(url)}: ${new URL(url).host}: ${trouble.why}`;
  return new BothyError("DOWNLOAD_FAILED", message, { hints: trouble.hints, cause: error });
}

function statusHints({ status, headers }: HttpAnswer): string[] {
  const after = headers["retry-after"];
  if (after) return [`it asks to be left alone until then: Retry-After: ${after}`];
  if (status === 404 || status === 410) return ["is the URL spelled right?"];
  if (status === 401 || status === 403)
    return ["a login can be part of the URL: https://USER:PASSWORD@HOST/..."];
  return ["try again later"];
}

/** The version of a part that no checksum can prove: the server's own mark for it. */
async function knownVersion(target: string, url: string): Promise<string | undefined> {
  const text = await readIfExists(versionFile(target));
  try {
    const known = JSON.parse(text ?? "{}") as { url?: string; version?: string };
    if (known.url === shownUrl(url) && known.version) return known.version;
  } catch {} // cut short: as good as none
  await rm(`${target}.part`, { force: true });
  return undefined;
}

async function rememberVersion(
  target: string,
  url: string,
  { headers }: HttpAnswer,
): Promise<string | undefined> {
  const version = headers.etag?.startsWith('"') ? headers.etag : headers["last-modified"];
  if (version) await writeJson(versionFile(target), { url: shownUrl(url), version });
  else await rm(versionFile(target), { force: true });
  return version;
}

function versionFile(target: string): string {
  return `${target}.version`;
}
